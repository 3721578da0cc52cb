// Carries publications between the processes of one machine. What a turn publishes leaves in one write for each
// process. Knows no sockets.
//
// Without history a publication is for all processes or for none: it is refused before anybody has it. Those with
// history go to the one process that keeps them, and from there to all that are attached.

import { HoldlineError } from '../../protocol/errors.ts'
import type {
  AppendOptions,
  Broker,
  BrokerSink,
  Cursor,
  PublishedMessage,
  ReadLimit,
  ReadResult,
  Retention,
} from '../../topics/broker.ts'
import type { HistoryLimits } from '../../topics/history-limits.ts'
import { isPattern, TopicPattern } from '../../topics/topic-name.ts'
import type { HistoryKeeper } from './history-keeper.ts'
import { KEEPER_ID, KeeperClient } from './keeper-client.ts'
import { KeeperHost } from './keeper-host.ts'
import { PublicationBatch, PublicationDecoder } from './mesh-frame.ts'
import type { PeerLink } from './peer-link.ts'
import type { ProcessLinks } from './process-links.ts'

export interface ProcessBrokerOptions {
  /** Most bytes that wait for one process; beyond it publications are refused. Default 64 MiB. */
  readonly backlogBytes?: number
  /** False: publishes only, until `hear` is called. Default true. */
  readonly hears?: boolean
  /** Milliseconds for the keeper of histories to answer. Default 4,000. */
  readonly answerMs?: number
  /** What all topics with history may keep together, in the process that keeps them. */
  readonly histories?: HistoryLimits
  /** Names the processes among all there ever were, by their numbers. Default: at random, this one only. */
  readonly nameOf?: (id: number) => string
}

/** Gathered publications that leave before the turn is over. */
const EARLY_FLUSH_BYTES = 1_048_576

const DONE = Promise.resolve()
const NOTHING = Promise.resolve(null)

/** The publications of one turn: one promise for all of them. */
interface Handover extends PromiseWithResolvers<void> {
  pending: number
  error: HoldlineError | null
}

export class ProcessBroker implements Broker {
  readonly name = 'process'
  readonly #links: ProcessLinks
  readonly #backlogBytes: number
  readonly hasPatterns = true
  readonly processName: string
  readonly #nameOf: (id: number) => string
  readonly #keeper: HistoryKeeper
  #sink: BrokerSink | null = null
  readonly #batch = new PublicationBatch()
  readonly #decoder = new PublicationDecoder()
  #handover: Handover | null = null
  #flushScheduled = false
  #isStarted = false
  #isStopped = false

  constructor(links: ProcessLinks, options: ProcessBrokerOptions = {}) {
    this.#links = links
    const { backlogBytes = 67_108_864, answerMs, histories } = options
    this.#backlogBytes = backlogBytes
    const run = crypto.randomUUID()
    this.#nameOf = options.nameOf ?? ((id) => `${run}.${id}`)
    this.processName = this.#nameOf(links.id)
    this.#keeper =
      links.id === KEEPER_ID
        ? new KeeperHost(links, { backlogBytes, ...(histories !== undefined && { histories }) })
        : new KeeperClient(links, { backlogBytes, ...(answerMs !== undefined && { answerMs }) })
    if (options.hears ?? true) links.hear()
  }

  /** Resolves when this process and all that started before it hear one another. */
  start(sink: BrokerSink): Promise<void> {
    this.#sink = sink
    this.#keeper.start(sink)
    this.#isStarted = true
    this.#links.onPublication = (_from, kind, bytes, start, end) => {
      const taker = this.#sink
      if (taker === null) return true
      return this.#decoder.decode(kind, bytes, start, end, (topic, message) => {
        taker.deliver(topic, message)
      })
    }
    return this.#links.start()
  }

  publish(topic: string, message: PublishedMessage): Promise<void> {
    if (this.#sink === null) return stopped(topic)
    let done = DONE
    if (this.#links.all.size > 0) {
      const full = this.#fullLink(message.length)
      if (full !== null) {
        return Promise.reject(new HoldlineError('ERR_BROKER_BACKLOG', `process ${full.id}`))
      }
      const refusal = this.#batch.append(topic, message)
      if (refusal !== null) return Promise.reject(refusal)
      this.#handover ??= { ...Promise.withResolvers<void>(), pending: 0, error: null }
      done = this.#handover.promise
      if (this.#batch.length >= EARLY_FLUSH_BYTES) this.#flush()
      else this.#schedule()
    }
    this.#sink.deliver(topic, message)
    return done
  }

  append(topic: string, message: PublishedMessage, options: AppendOptions): Promise<Cursor> {
    if (this.#sink === null) return stopped(topic)
    return this.#keeper.append(topic, message, options)
  }

  /** Publications of topics without history come whether they are attached or not; of patterns, those with history too. */
  attach(topic: string, retention: Retention | null): Promise<Cursor | null> {
    if (this.#sink === null) return stopped(topic)
    if (retention !== null) return this.#keeper.attach(topic, retention)
    return isPattern(topic) ? this.#attachPattern(topic) : NOTHING
  }

  async #attachPattern(topic: string): Promise<Cursor | null> {
    // The keeper takes one that is none for a broken frame.
    void new TopicPattern(topic)
    return this.#keeper.attach(topic, null)
  }

  detach(topic: string): void {
    if (this.#sink !== null) this.#keeper.detach(topic)
  }

  read(
    topic: string,
    after: Cursor | 'start',
    limit: ReadLimit,
    retention: Retention,
  ): Promise<ReadResult> {
    if (this.#sink === null) return stopped(topic)
    return this.#keeper.read(topic, after, limit, retention)
  }

  /** That process has ended, and all that came from it was taken. */
  ended(id: number): void {
    this.#sink?.processGone(this.#nameOf(id))
  }

  /** Publications from now on are wanted here too. */
  hear(): void {
    this.#links.hear()
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#flush()
    this.#sink = null
    await this.#keeper.stop()
    if (this.#isStarted) await this.#links.stop()
  }

  /** The process whose backlog has no room for so many bytes more. */
  #fullLink(count: number): PeerLink | null {
    const room = this.#backlogBytes - this.#batch.length - count
    for (const link of this.#links.all.values()) {
      const { backlogBytes } = link
      // One publication on an empty backlog is always taken, so a long one cannot be refused for ever.
      if (backlogBytes > room && backlogBytes > 0 && link.hears) return link
    }
    return null
  }

  #schedule(): void {
    if (this.#flushScheduled) return
    this.#flushScheduled = true
    setImmediate(this.#flush)
  }

  readonly #flush = (): void => {
    this.#flushScheduled = false
    const handover = this.#handover
    if (handover === null) return
    this.#handover = null
    const bytes = this.#batch.take()
    const written = (error: HoldlineError | null): void => {
      handover.error ??= error
      if (--handover.pending > 0) return
      if (handover.error === null) handover.resolve()
      else handover.reject(handover.error)
    }
    // One more, so that it is not over before the last process was written to.
    handover.pending = 1
    for (const link of this.#links.all.values()) {
      if (!link.hears) continue
      handover.pending++
      link.write(bytes, written)
    }
    written(null)
  }
}

function stopped(topic: string): Promise<never> {
  return Promise.reject(new HoldlineError('ERR_BROKER_STOPPED', topic))
}
