// A server within this process: wires engine, routes, topics and broker together, and takes them down again.

import type { Cursor, PublishedMessage, PublishOptions } from '../connection/topic-hub.ts'
import type { Acceptor, Engine, ListenAddress, Listener } from '../connection/engine.ts'
import { TimingWheel } from '../connection/timing-wheel.ts'
import { Turn } from '../connection/turn.ts'
import type { WorkerMesh } from '../connection/worker-mesh.ts'
import { MemoryBroker } from '../brokers/memory/memory-broker.ts'
import { REVOCATIONS_TOPIC, revocationMessage } from '../line/revocations.ts'
import type { Revocation } from '../line/revocations.ts'
import type { Broker } from '../topics/broker.ts'
import { Presence, PRESENCE_TOPIC } from '../topics/presence.ts'
import { checkProgramTopic } from '../topics/topic-name.ts'
import { Topics } from '../topics/topics.ts'
import type { TopicListener } from '../topics/topics.ts'
import { RouteAcceptor } from './acceptor.ts'
import { Admission } from './admission.ts'
import type { ChosenEngine } from './choose-engine.ts'
import { trimMessageMemory } from '../protocol/message-memory.ts'
import { CloseCode } from '../protocol/close-code.ts'
import { Drain, pacing, shuffled } from './drain.ts'
import { workerName } from './worker-message.ts'
import { leanHeap } from './lean-heap.ts'
import type { ResolvedOptions } from './options.ts'
import { defaultHttp } from './plain-http.ts'
import { ServedTopic } from './served-topic.ts'
import type { CloseOptions, Server, ShedOptions, Topic } from './server.ts'
import { resolveShed, SHED_MARGIN_MS, shedCount } from './shed.ts'
import type { ServerStats } from './statistics.ts'
import { Statistics } from './statistics.ts'

/** How often memory of a burst is given back. */
const TRIM_MS = 5_000

/** What routes have to end in order, even where connections took all the grace: less than a worker has until it is killed. */
const LEAVE_MS = 1_000

/** Makes the engine listen: the whole difference between `serve` and `attach`. */
export type Listen = (engine: Engine, acceptor: Acceptor) => Promise<Listener> | Listener

/** What a worker knows and a lone process does not. */
export interface WorkerPlace {
  readonly workerId: number
  readonly processCount: number
  /** Names the run of the supervisor among all there ever were. */
  readonly run?: string
  /** What carries to the other workers; null where there is nobody. */
  readonly mesh?: JoinableMesh | null
}

/** `ready` resolves when a route has joined and this worker hears the others, at once where none has. */
export type JoinableMesh = WorkerMesh & { readonly ready: Promise<void> }

export class LocalServer implements Server {
  readonly engine: ChosenEngine
  readonly workerId: number
  readonly processCount: number
  readonly #options: ResolvedOptions
  readonly #statistics: Statistics
  readonly #topics: Topics
  readonly #acceptor: RouteAcceptor
  readonly #broker: Broker
  readonly #mesh: JoinableMesh | null
  readonly #run: string | null
  readonly #startedAt = performance.now()
  readonly #workerLeftListeners = new Set<(workerId: number) => void>()
  readonly #closed = Promise.withResolvers<void>()
  #listener: Listener | null = null
  #closing: Promise<void> | null = null
  #whenEmpty: (() => void) | null = null
  readonly #presence: Presence
  /** Sends connections away, for `shed` or `close`. */
  #drain: Drain | null = null
  readonly #turn: Turn
  #trimming: NodeJS.Timeout | null = null

  constructor(options: ResolvedOptions, engine: ChosenEngine, place?: WorkerPlace) {
    this.#options = options
    this.engine = engine
    this.workerId = place?.workerId ?? 0
    this.processCount = place?.processCount ?? 1
    this.#broker = options.broker ?? new MemoryBroker({ limits: options.histories })
    this.#mesh = place?.mesh ?? null
    this.#run = place?.run ?? null
    this.#statistics = new Statistics(options.logger)
    const { clock } = engine.engine
    const turn = new Turn(clock)
    this.#turn = turn
    this.#topics = new Topics({
      turn,
      clock,
      settings: options.topics,
      warn: (error) => options.logger?.warn(`holdline: ${String(error)}`),
    })
    this.#presence = new Presence(
      {
        processName: this.#nameOf(this.workerId),
        clock,
        send: (message) => this.#broker.publish(PRESENCE_TOPIC, message),
        failed: (error) => options.logger?.error('holdline: a listener of presence failed', error),
      },
      options.presence,
    )
    this.#topics.presence = this.#presence
    const serves = (target: string): boolean => this.#acceptor.serves(target)
    this.#acceptor = new RouteAcceptor(
      options.routes,
      {
        limits: options.limits,
        origins: options.origins,
        clock,
        wheel: new TimingWheel(clock),
        turn,
        hub: this.#topics,
        admission:
          options.admission && new Admission(options.admission, clock, 1 / this.processCount),
        observer: {
          opened: (connection) => this.#statistics.opened(connection),
          closed: (connection, code, reason) => {
            this.#statistics.closed(connection, code, reason)
            this.#presence.leave(connection)
            if (this.#whenEmpty !== null && this.#acceptor.connectionCount === 0) this.#whenEmpty()
          },
          failed: (connection, code, error) => this.#statistics.failed(connection, code, error),
          reported: (connection, code, error) => this.#statistics.reported(connection, code, error),
        },
        refused: this.#statistics.refused,
      },
      options.http ?? defaultHttp(serves),
    )
  }

  /** @throws HoldlineError ERR_LISTEN_*, or what the broker says. */
  async start(listen: Listen): Promise<this> {
    if (this.#options.heap === 'lean') leanHeap()
    this.#trimming = setInterval(this.#trim, TRIM_MS).unref()
    this.#join()
    this.#topics.own.listen(PRESENCE_TOPIC, (message) => this.#presence.receive(message))
    await this.#topics.start(this.#broker)
    this.#presence.start()
    try {
      await this.#mesh?.ready
      this.#listener = await listen(this.engine.engine, this.#acceptor)
    } catch (error) {
      this.#endTrimming()
      await this.#topics.stop()
      await this.#mesh?.stop()
      throw error
    }
    return this
  }

  #join(): void {
    if (this.#mesh === null) return
    for (const { route } of this.#acceptor.routes) route.join?.(this.#mesh)
  }

  /** What the routes have for other workers ends while they can still be told. */
  async #leave(withinMs: number): Promise<void> {
    if (this.#mesh === null) return
    const left = this.#acceptor.routes.map(async ({ route }) => route.leave?.(withinMs))
    for (const end of await Promise.allSettled(left)) {
      if (end.status === 'rejected') {
        this.#options.logger?.error('holdline: a route did not end in order', end.reason)
      }
    }
  }

  /** What large messages needed is kept for the next ones, but not for long. */
  readonly #trim = (): void => {
    this.#turn.arena.pool.trim()
    trimMessageMemory()
    this.engine.engine.trim?.()
  }

  get address(): ListenAddress {
    return this.#listener!.address
  }

  get port(): number {
    return 'port' in this.address ? this.address.port : 0
  }

  get url(): string {
    return urlOf(this.address, this.#options.listen.tls !== undefined)
  }

  publish(
    topic: string,
    message: PublishedMessage,
    options?: PublishOptions,
  ): Promise<Cursor | null> {
    checkProgramTopic(topic)
    return this.#topics.publish(topic, message, options)
  }

  async revoke(what: Revocation): Promise<void> {
    await this.#topics.own.publish(REVOCATIONS_TOPIC, revocationMessage(what, Date.now()))
  }

  topic(name: string): Topic {
    return new ServedTopic(this.#topics, this.#presence, name)
  }

  subscribe(topic: string, listener: TopicListener): () => void {
    checkProgramTopic(topic)
    return this.#topics.listen(topic, listener)
  }

  onWorkerLeft(listener: (workerId: number) => void): () => void {
    this.#workerLeftListeners.add(listener)
    return () => this.#workerLeftListeners.delete(listener)
  }

  /** The supervisor said so. */
  workerLeft(workerId: number): void {
    this.#presence.ended(this.#nameOf(workerId))
    for (const listener of this.#workerLeftListeners) listener(workerId)
  }

  /** A name for presence that no other process ever has; of workers the others of the machine can tell it. */
  #nameOf(workerId: number): string {
    return this.#run === null ? this.#broker.processName : workerName(this.#run, workerId)
  }

  stats(): Promise<ServerStats> {
    const { closesByCode, failuresByCode, refusalsByCode } = this.#statistics
    const { topics, subscriptions, lagging } = this.#topics.census
    return Promise.resolve({
      engine: this.engine.name,
      workerId: this.workerId,
      uptimeMs: Math.round(performance.now() - this.#startedAt),
      connections: this.#acceptor.connectionCount,
      isDraining: this.#acceptor.isDraining,
      routes: this.#acceptor.routes.map((served) => ({
        path: served.path,
        model: served.route.model,
        connections: served.connections.size,
        opened: served.openedCount,
        ...served.counters,
      })),
      closes: Object.fromEntries(closesByCode),
      failures: Object.fromEntries(failuresByCode),
      refusals: Object.fromEntries(refusalsByCode),
      topics,
      subscriptions,
      delivery: { ...this.#topics.counters, lagging },
    })
  }

  /** Lets no new line in and serves those that are open, until `close`. */
  async retire(): Promise<void> {
    await this.#listener?.retire?.()
  }

  shed(options: ShedOptions): Promise<number> {
    const { url = null, reason = '', overMs } = resolveShed(options)
    const all = shuffled([...this.#acceptor.connections()], Math.random)
    const count = this.#closing === null ? shedCount(options, all.length) : 0
    if (count === 0) return Promise.resolve(0)
    this.#drain?.stop()
    const farewell = { code: CloseCode.SERVICE_RESTART, reason, url, spreadMs: overMs }
    const { clock } = this.engine.engine
    this.#drain = new Drain(clock, all.slice(0, count), { ...farewell, marginMs: SHED_MARGIN_MS })
    return Promise.resolve(count)
  }

  /** Resolves when `close` was called and is done. */
  get closed(): Promise<void> {
    return this.#closed.promise
  }

  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options)
    return this.#closing
  }

  async #close(options: CloseOptions): Promise<void> {
    const { code = 1001, reason = '', graceMs = this.#options.graceMs } = options
    const startedAt = performance.now()
    this.#acceptor.isDraining = true
    this.#listener?.stopAccepting()
    this.#drain?.stop()
    const connections = [...this.#acceptor.connections()]
    const pace = pacing(connections.length, graceMs, this.#options.spreadMs)
    const { clock } = this.engine.engine
    this.#drain = new Drain(clock, connections, { code, reason, url: null, ...pace })
    await this.#empty(graceMs)
    this.#drain.stop()
    this.#presence.stop()
    const leftMs = (): number => Math.max(0, graceMs - (performance.now() - startedAt))
    await this.#listener?.close(leftMs())
    await this.#leave(Math.max(LEAVE_MS, leftMs()))
    this.#endTrimming()
    await this.#topics.stop()
    await this.#mesh?.stop()
    this.#closed.resolve()
  }

  #endTrimming(): void {
    if (this.#trimming !== null) clearInterval(this.#trimming)
    this.#trim()
  }

  /** Waits until no connection is left; cuts those that are left when the grace is over. */
  #empty(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#acceptor.connectionCount === 0) {
        resolve()
        return
      }
      const cancel = this.engine.engine.clock.setTimer(graceMs, () => {
        for (const connection of this.#acceptor.connections()) connection.terminate()
      })
      this.#whenEmpty = () => {
        cancel()
        resolve()
      }
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** The address as a person would type it. */
export function urlOf(address: ListenAddress, isEncrypted: boolean): string {
  if ('path' in address) return `unix:${address.path}`
  const { host, port } = address
  const isAnywhere = host === '::' || host === '0.0.0.0'
  const name = isAnywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `${isEncrypted ? 'https' : 'http'}://${name}:${port}`
}
