// The server in the first process, where workers hold the connections: it speaks for all of them.

import { randomBytes, randomUUID } from 'node:crypto'
import type { CancelTimer, Clock } from '../connection/clock.ts'
import type { ListenAddress } from '../connection/engine.ts'
import type { Cursor, PublishedMessage, PublishOptions } from '../connection/topic-hub.ts'
import { Turn } from '../connection/turn.ts'
import { MeshDirectory } from '../brokers/process/mesh-place.ts'
import { ProcessBroker } from '../brokers/process/process-broker.ts'
import { ProcessLinks } from '../brokers/process/process-links.ts'
import { probeAddress } from '../engines/http/probe-address.ts'
import { HoldlineError } from '../protocol/errors.ts'
import { REVOCATIONS_TOPIC, revocationMessage } from '../line/revocations.ts'
import type { Revocation } from '../line/revocations.ts'
import type { Broker } from '../topics/broker.ts'
import { Presence, PRESENCE_TOPIC } from '../topics/presence.ts'
import { checkProgramTopic } from '../topics/topic-name.ts'
import { Topics } from '../topics/topics.ts'
import type { TopicListener } from '../topics/topics.ts'
import { engineLine } from './choose-engine.ts'
import { clusterFork } from './cluster-fork.ts'
import { urlOf } from './local-server.ts'
import type { ResolvedOptions } from './options.ts'
import { ServedTopic } from './served-topic.ts'
import type { CloseOptions, Server, ShedOptions, Topic } from './server.ts'
import { resolveShed, shedCount } from './shed.ts'
import { handleSignals } from './signals.ts'
import type { ServerStats } from './statistics.ts'
import { sumStats } from './sum-stats.ts'
import { Supervisor } from './supervisor.ts'
import { workerName } from './worker-message.ts'
import type { WorkerListening } from './worker-message.ts'

/** node:cluster has one program and one set of workers for each process. */
let isTaken = false

/**
 * Starts the workers; resolves when all of them listen.
 *
 * @throws HoldlineError ERR_OPTION_INVALID, ERR_LISTEN_*, ERR_BROKER_START, ERR_WORKER_START
 */
export async function serveSupervised(options: ResolvedOptions): Promise<Server> {
  if (isTaken) {
    const detail =
      'processes is above 1 for a second server of this program; close the first one before'
    throw new HoldlineError('ERR_OPTION_INVALID', detail)
  }
  isTaken = true
  try {
    return await new SupervisedServer(options).start()
  } catch (error) {
    isTaken = false
    throw error
  }
}

class SupervisedServer implements Server {
  readonly workerId = 0
  readonly processCount: number
  readonly #options: ResolvedOptions
  readonly #clock = new SupervisorClock()
  readonly #topics: Topics
  readonly #startedAt = performance.now()
  readonly #workerLeftListeners = new Set<(workerId: number) => void>()
  #directory: MeshDirectory | null = null
  #links: ProcessLinks | null = null
  #ownBroker: ProcessBroker | null = null
  #broker: Broker | null = null
  #supervisor: Supervisor | null = null
  #listening: WorkerListening | null = null
  #ignoreSignals: (() => void) | null = null
  #closing: Promise<void> | null = null

  constructor(options: ResolvedOptions) {
    this.#options = options
    this.#topics = new Topics({
      turn: new Turn(this.#clock),
      clock: this.#clock,
      settings: options.topics,
      warn: (error) => options.logger?.warn(`holdline: ${String(error)}`),
    })
    this.processCount = options.processCount
  }

  async start(): Promise<this> {
    const { listen, signals, processCount, routes } = this.#options
    const fork = clusterFork(processCount, this.#run)
    // With SO_REUSEPORT a worker would not notice that somebody else listens there.
    const found = listen.reusePort === true ? null : await probeAddress(listen)
    const canReuse = process.platform === 'linux' && listen.path === undefined
    const isJoined = Object.values(routes).some(({ join }) => join !== undefined)
    if (this.#options.broker === null || isJoined) this.#directory = MeshDirectory.create()
    this.#broker = this.#options.broker ?? this.#makeBroker(this.#directory!)
    await this.#topics.start(this.#broker)
    this.#supervisor = new Supervisor({
      fork,
      clock: this.#clock,
      options: this.#options,
      // Through node:cluster port 0 would be another one for each: there the probe has found one.
      port:
        listen.path !== undefined
          ? null
          : canReuse || found === null
            ? listen.port!
            : portOf(found),
      reusePort: canReuse,
      mesh: this.#directory && {
        directory: this.#directory.path,
        token: this.#token,
        // The supervisor takes part in publications only.
        joined: this.#links === null ? [] : [0],
      },
      left: (workerId) => void this.#workerLeft(workerId),
      gaveUp: (error) => void this.#giveUp(error),
    })
    if (signals) this.#handleSignals(this.#supervisor)
    try {
      this.#listening = await this.#supervisor.start()
      this.#options.logger?.info(engineLine(this.engine))
    } catch (error) {
      await this.#release()
      throw error
    }
    return this
  }

  readonly #run = randomUUID()
  readonly #token = randomBytes(24).toString('hex')

  #makeBroker(directory: MeshDirectory): ProcessBroker {
    const place = {
      id: 0,
      token: this.#token,
      addressOf: directory.addressOf,
      join: () => Promise.resolve([]),
      lost: (id: number, reason: 'stuck' | 'frame' | 'line') =>
        this.#supervisor?.lost(id, reason, 0),
    }
    // The supervisor must not have to read what all workers publish because nobody listens here.
    this.#links = new ProcessLinks(place)
    this.#ownBroker = new ProcessBroker(this.#links, {
      hears: false,
      histories: this.#options.histories,
      nameOf: (id) => workerName(this.#run, id),
    })
    return this.#ownBroker
  }

  #handleSignals(supervisor: Supervisor): void {
    this.#ignoreSignals = handleSignals({
      stop: () => this.close(),
      abandon: () => {
        supervisor.kill()
        this.#directory?.remove()
      },
      reload: () => void supervisor.reload(),
    })
  }

  get address(): ListenAddress {
    return this.#listening!.address
  }

  get engine(): Server['engine'] {
    return this.#listening!.engine
  }

  get port(): number {
    return portOf(this.address)
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
    checkProgramTopic(name)
    this.#ownBroker?.hear()
    return new ServedTopic(this.#topics, this.#hearPresence(), name)
  }

  /** Nobody is present in the supervisor's process; it learns of those in the workers when somebody here asks. */
  #hearPresence(): Presence {
    if (this.#topics.presence !== undefined) return this.#topics.presence
    const broker = this.#broker!
    const { logger, presence: options } = this.#options
    const presence = new Presence(
      {
        processName: workerName(this.#run, this.workerId),
        clock: this.#clock,
        send: (message) => broker.publish(PRESENCE_TOPIC, message),
        failed: (error) => logger?.error('holdline: a listener of presence failed', error),
      },
      options,
    )
    this.#topics.presence = presence
    this.#topics.own.listen(PRESENCE_TOPIC, (message) => presence.receive(message))
    presence.start()
    return presence
  }

  subscribe(topic: string, listener: TopicListener): () => void {
    checkProgramTopic(topic)
    this.#ownBroker?.hear()
    return this.#topics.listen(topic, listener)
  }

  onWorkerLeft(listener: (workerId: number) => void): () => void {
    this.#workerLeftListeners.add(listener)
    return () => this.#workerLeftListeners.delete(listener)
  }

  async stats(): Promise<ServerStats> {
    const uptimeMs = Math.round(performance.now() - this.#startedAt)
    const own = { engine: this.engine.name, uptimeMs, isDraining: this.#closing !== null }
    return sumStats(own, await this.#supervisor!.stats())
  }

  async shed(options: ShedOptions): Promise<number> {
    const { count: _, ...rest } = resolveShed(options)
    const { connections } = await this.stats()
    const count = this.#closing === null ? shedCount(options, connections) : 0
    // Of each worker the same part: whoever has more lets more go.
    if (count > 0) this.#supervisor!.shed({ ...rest, fraction: count / connections })
    return count
  }

  close(options: CloseOptions = {}): Promise<void> {
    this.#topics.refuse()
    this.#closing ??= this.#close(options)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(options: CloseOptions): Promise<void> {
    const { code = 1001, reason = '', graceMs = this.#options.graceMs } = options
    await this.#supervisor!.stop({ code, reason, graceMs })
    await this.#release()
  }

  async #release(): Promise<void> {
    this.#ignoreSignals?.()
    this.#topics.presence?.stop()
    await this.#topics.stop()
    this.#directory?.remove()
    isTaken = false
  }

  async #workerLeft(workerId: number): Promise<void> {
    await this.#links?.ended(workerId)
    this.#ownBroker?.ended(workerId)
    this.#topics.presence?.ended(workerName(this.#run, workerId))
    for (const listener of this.#workerLeftListeners) listener(workerId)
  }

  /** There is no server without workers. Whoever has left the signals to us has left the exit to us too. */
  async #giveUp(error: HoldlineError): Promise<void> {
    this.#options.logger?.error(`holdline: ${error.code}: ${error.message}`)
    process.exitCode = 1
    await this.close()
    if (this.#options.signals) process.exit()
  }
}

/** Unlike an engine's clock it keeps the process alive: a worker that is to be started has no handle yet. */
class SupervisorClock implements Clock {
  now(): number {
    return performance.now()
  }

  setTimer(ms: number, f: () => void): CancelTimer {
    const timer = setTimeout(f, ms)
    return () => clearTimeout(timer)
  }

  atTurnEnd(f: () => void): void {
    setImmediate(f)
  }
}

function portOf(address: ListenAddress): number {
  return 'port' in address ? address.port : 0
}
