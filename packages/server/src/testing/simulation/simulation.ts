// Server processes, their broker, the network between them and scripted clients, all on one clock and one seed: an hour
// passes in seconds, and the same seed gives the same hour again.

import { FakeClock } from '../../engines/memory/fake-clock.ts'
import { EventLog } from './event-log.ts'
import { SeededRandom } from './seeded-random.ts'
import { SimulatedBrokerServer } from './simulated-broker-server.ts'
import { SimulatedClient } from './simulated-client.ts'
import type { SimulatedClientEvents } from './simulated-client.ts'
import { FAIR_WEATHER, SimulatedNetwork } from './simulated-network.ts'
import type { Weather } from './simulated-network.ts'
import { environmentOf } from './simulated-web-socket.ts'
import type { SimulatedEnvironment } from './simulated-web-socket.ts'
import { SimulatedProcess } from './simulated-process.ts'
import type { ProcessOptions } from './simulated-process.ts'

export interface SimulationOptions {
  /** A whole number. Print it: the run can be had again with it. */
  readonly seed: number
  /** Server processes. Default 2. */
  readonly processes?: number
  /** What each process serves, as for `serve`; called anew whenever one starts. */
  readonly serve: (process: SimulatedProcess) => ProcessOptions
  /** What the network between the processes and their broker does at all times. Default: 1 to 5 ms, nothing is lost. */
  readonly weather?: Partial<Weather>
}

export interface SimulatedClientOptions extends Omit<SimulatedClientEvents, 'onError'> {
  /** Default '/'. */
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Number of the process, from 0. Default: any that runs, by chance. */
  readonly process?: number
}

const USUAL_WEATHER: Weather = { ...FAIR_WEATHER, delayMs: [1, 5] }
const STEP_MS = 10

/** Starts the processes; resolves when all listen. */
export async function simulate(options: SimulationOptions): Promise<Simulation> {
  const simulation = new Simulation(options)
  await simulation.start()
  return simulation
}

export class Simulation implements AsyncDisposable {
  readonly seed: number
  readonly clock: FakeClock = new FakeClock()
  readonly random: SeededRandom
  readonly network: SimulatedNetwork
  /** The server behind the processes' brokers. */
  readonly broker: SimulatedBrokerServer
  readonly processes: readonly SimulatedProcess[]
  readonly events: EventLog = new EventLog()
  readonly usualWeather: Weather
  /** For client libraries: `live('ws://simulated/live', { environment: simulation.environment })`. */
  readonly environment: SimulatedEnvironment = environmentOf(this)
  readonly #clients = new Set<SimulatedClient>()
  #failure: { readonly error: unknown } | null = null

  constructor({ seed, processes = 2, serve, weather }: SimulationOptions) {
    this.seed = seed
    this.random = new SeededRandom(seed)
    // Of their own, so that what a script asks for does not change the weather.
    const random = new SeededRandom(this.random.between(0, 2 ** 32 - 1))
    this.network = new SimulatedNetwork(this.clock, random)
    this.usualWeather = { ...USUAL_WEATHER, ...weather }
    this.network.weather = this.usualWeather
    this.broker = new SimulatedBrokerServer(this.clock, this.network, random)
    this.processes = Array.from(
      { length: processes },
      (_, number) => new SimulatedProcess(number, this.clock, this.network, serve),
    )
  }

  /** Connections that are open or about to be. */
  get clients(): readonly SimulatedClient[] {
    return [...this.#clients]
  }

  async start(): Promise<void> {
    this.broker.start()
    for (const process of this.processes) void process.start()
    await this.until('all processes to listen', () => this.processes.every((p) => p.isRunning))
  }

  /** Notes something that happened; it counts for `events.hash`. */
  note(what: string): void {
    this.events.add(this.clock.now(), what)
  }

  /** Connects a client. */
  connect(options: SimulatedClientOptions = {}): SimulatedClient {
    const running = this.processes.filter(({ isRunning }) => isRunning)
    const any = running.length === 0 ? 0 : this.random.pick(running).number
    const number = options.process ?? any
    const peer = this.processes[number]!.connect(options.path ?? '/', options.headers ?? {})
    const client = new SimulatedClient(peer, number, {
      ...options,
      onError: (error) => this.fail(error),
      onClose: (code, closed) => {
        this.#clients.delete(closed)
        options.onClose?.(code, closed)
      },
    })
    this.#clients.add(client)
    return client
  }

  /** Calls `f` after so much simulated time. */
  after(ms: number, f: () => void): void {
    this.clock.setTimer(ms, () => {
      try {
        f()
      } catch (error) {
        this.fail(error)
      }
    })
  }

  /** Something in a script went wrong: whoever lets time pass is told, once. */
  fail(error: unknown): void {
    this.#failure ??= { error }
  }

  /** Lets so much simulated time pass. */
  async pass(ms: number): Promise<void> {
    await this.clock.pass(ms)
    this.#throwFailure()
  }

  /** Lets time pass until something is so; throws when it is not within so much simulated time. */
  async until(what: string, isSo: () => boolean, withinMs = 60_000): Promise<void> {
    await this.clock.settle()
    for (let passedMs = 0; !isSo(); passedMs += STEP_MS) {
      if (passedMs >= withinMs) throw new Error(`Seed ${this.seed}: waited in vain for ${what}`)
      await this.pass(STEP_MS)
    }
  }

  #throwFailure(): void {
    if (this.#failure === null) return
    const { error } = this.#failure
    this.#failure = null
    throw error
  }

  /** Lets time pass until a promise has settled. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const settle = (): void => void (isSettled = true)
    promise.then(settle, settle)
    await this.until('a promise to settle', () => isSettled)
    return promise
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    for (const client of this.#clients) client.cut()
    const stopped = Promise.all(this.processes.map((process) => process.stop()))
    await this.settled(stopped)
    this.broker.kill()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
