// The broker of a single process: what is published is delivered at once, and histories are kept in memory for as
// long as the broker is.

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
import { History, newEpoch } from '../../topics/history.ts'

export interface MemoryBrokerOptions {
  /** The time in milliseconds since 1970, on a clock that only moves forward. Default: the process's. */
  readonly nowMs?: () => number
}

interface KeptTopic {
  readonly history: History
  isAttached: boolean
}

const DONE = Promise.resolve()
const NOTHING = Promise.resolve(null)

/** So many topics are kept before any is forgotten. */
const SWEEP_FROM = 10_000

/** `deliver` and `appended` are called before `publish` and `append` return, for every topic. */
export class MemoryBroker implements Broker {
  readonly name = 'memory'
  readonly hasPatterns = true
  readonly processName: string = newEpoch()
  readonly #nowMs: () => number
  readonly #topics = new Map<string, KeptTopic>()
  #sweepAt = SWEEP_FROM
  #sink: BrokerSink | null = null

  constructor({ nowMs = processTimeMs }: MemoryBrokerOptions = {}) {
    this.#nowMs = nowMs
  }

  start(sink: BrokerSink): Promise<void> {
    this.#sink = sink
    return DONE
  }

  publish(topic: string, message: PublishedMessage): Promise<void> {
    if (this.#sink === null) return refused(topic)
    this.#sink.deliver(topic, message)
    return DONE
  }

  append(topic: string, message: PublishedMessage, options: AppendOptions): Promise<Cursor> {
    if (this.#sink === null) return refused(topic)
    const { history } = this.#topic(topic, options.retention)
    const { cursor, publication } = history.append(message, options, this.#nowMs())
    if (publication !== null) this.#sink.appended(topic, history.epoch, publication)
    return Promise.resolve(cursor)
  }

  attach(topic: string, retention: Retention | null): Promise<Cursor | null> {
    if (this.#sink === null) return refused(topic)
    if (retention === null) return NOTHING
    const kept = this.#topic(topic, retention)
    kept.isAttached = true
    return Promise.resolve(kept.history.head)
  }

  detach(topic: string): void {
    const kept = this.#topics.get(topic)
    if (kept !== undefined) kept.isAttached = false
  }

  read(
    topic: string,
    after: Cursor | 'start',
    limit: ReadLimit,
    retention: Retention,
  ): Promise<ReadResult> {
    if (this.#sink === null) return refused(topic)
    const { history } = this.#topic(topic, retention)
    return Promise.resolve(history.read(after, limit, retention, this.#nowMs()))
  }

  stop(): Promise<void> {
    this.#sink = null
    return DONE
  }

  #topic(name: string, retention: Retention): KeptTopic {
    const known = this.#topics.get(name)
    if (known !== undefined) return known
    if (this.#topics.size >= this.#sweepAt) this.#sweep()
    const kept = { history: new History(retention), isAttached: false }
    this.#topics.set(name, kept)
    return kept
  }

  /** Forgets topics that nobody is attached to and that keep nothing young enough: names may be without end. */
  #sweep(): void {
    const nowMs = this.#nowMs()
    for (const [name, { history, isAttached }] of this.#topics) {
      if (!isAttached && history.isStale(nowMs)) this.#topics.delete(name)
    }
    // At twice of what is left, so that it costs O(1) for each new topic.
    this.#sweepAt = Math.max(SWEEP_FROM, 2 * this.#topics.size)
  }
}

function refused(topic: string): Promise<never> {
  return Promise.reject(new HoldlineError('ERR_BROKER_STOPPED', topic))
}

function processTimeMs(): number {
  return Math.floor(performance.timeOrigin + performance.now())
}
