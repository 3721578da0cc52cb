// Does faults to a simulation at random, one after another, until it is told to stop; then everything is put right
// again. Counts what it did, so that a run in which nothing happened can be told.

import { SERVER_PLACE } from './broker-talk.ts'
import type { Simulation } from './simulation.ts'

export const faultKinds = [
  'processKilled',
  'brokerKilled',
  'historyForgotten',
  'parted',
  'reset',
  'storm',
  'clientCut',
  'clientStopped',
] as const
export type FaultKind = (typeof faultKinds)[number]

export interface ChaosOptions {
  /** Between one fault and the next, in milliseconds. Default 200 to 4,000. */
  readonly pauseMs?: readonly [least: number, most: number]
  /** How long one lasts. Default 50 to 6,000. */
  readonly lastsMs?: readonly [least: number, most: number]
  /** Which ones. Default: all. */
  readonly kinds?: readonly FaultKind[]
}

export class Chaos {
  readonly done: Record<FaultKind, number>
  readonly #simulation: Simulation
  readonly #pauseMs: readonly [number, number]
  readonly #lastsMs: readonly [number, number]
  readonly #kinds: readonly FaultKind[]
  #isStopped = false
  /** What puts the faults right that last. */
  readonly #ends = new Set<() => void>()

  constructor(simulation: Simulation, options: ChaosOptions = {}) {
    this.#simulation = simulation
    this.#pauseMs = options.pauseMs ?? [200, 4_000]
    this.#lastsMs = options.lastsMs ?? [50, 6_000]
    this.#kinds = options.kinds ?? faultKinds
    this.done = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Record<FaultKind, number>
  }

  /** Faults done, of all kinds. */
  get count(): number {
    return Object.values(this.done).reduce((sum, count) => sum + count, 0)
  }

  start(): void {
    this.#next()
  }

  /** No more faults; those that last end now, and whatever is down is started. */
  stop(): void {
    this.#isStopped = true
    for (const end of this.#ends) end()
    this.#ends.clear()
    this.#simulation.note('calm')
  }

  #next(): void {
    this.#simulation.after(this.#simulation.random.between(...this.#pauseMs), () => {
      if (this.#isStopped) return
      this.#do(this.#simulation.random.pick(this.#kinds))
      this.#next()
    })
  }

  #do(kind: FaultKind): void {
    const end = this.#faults[kind]()
    if (end === false) return
    this.done[kind]++
    this.#simulation.note(kind)
    if (end === undefined) return
    this.#ends.add(end)
    this.#simulation.after(this.#simulation.random.between(...this.#lastsMs), () => {
      if (this.#ends.delete(end)) end()
    })
  }

  /** Each answers how it ends, undefined where it has, false where it could not be done. */
  readonly #faults: Readonly<Record<FaultKind, () => (() => void) | undefined | false>> = {
    processKilled: () => {
      const { random, processes } = this.#simulation
      const process = random.pick(processes)
      if (!process.isRunning) return false
      process.kill()
      return () => void process.start()
    },
    brokerKilled: () => {
      const { broker } = this.#simulation
      if (!broker.isRunning) return false
      broker.kill()
      return () => broker.start()
    },
    historyForgotten: () => {
      const { broker } = this.#simulation
      if (!broker.isRunning) return false
      broker.kill()
      broker.forget()
      return () => broker.start()
    },
    parted: () => {
      const { network } = this.#simulation
      const { name } = this.#simulation.random.pick(this.#simulation.processes)
      network.part(name, SERVER_PLACE)
      return () => network.heal(name, SERVER_PLACE)
    },
    reset: () => {
      const { network, random, processes } = this.#simulation
      network.reset(random.pick(processes).name, SERVER_PLACE)
      return undefined
    },
    storm: () => {
      const { network, usualWeather } = this.#simulation
      if (network.weather !== usualWeather) return false
      network.weather = { delayMs: [0, 250], loss: 0.2, duplication: 0.2 }
      return () => {
        network.weather = usualWeather
      }
    },
    clientCut: () => {
      const { clients, random } = this.#simulation
      if (clients.length === 0) return false
      random.pick(clients).cut()
      return undefined
    },
    clientStopped: () => {
      const { clients, random } = this.#simulation
      if (clients.length === 0) return false
      const client = random.pick(clients)
      if (!client.isReading) return false
      client.stopReading()
      return () => client.startReading()
    },
  }
}
