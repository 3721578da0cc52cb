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
import { Histories } from '../../topics/histories.ts'
import { History, newEpoch } from '../../topics/history.ts'
import type { HistoryLimits } from '../../topics/history-limits.ts'

export interface MemoryBrokerOptions {
  /** The time in milliseconds since 1970, on a clock that only moves forward. Default: the process's. */
  readonly nowMs?: () => number
  /** What all topics may keep together. */
  readonly limits?: HistoryLimits
}

interface KeptTopic {
  readonly name: string
  readonly history: History
}

const DONE = Promise.resolve()

/** `deliver` and `appended` are called before `publish` and `append` return, for every topic. */
export class MemoryBroker implements Broker {
  readonly name = 'memory'
  readonly hasPatterns = true
  readonly processName: string = newEpoch()
  readonly #histories: Histories<KeptTopic>
  #sink: BrokerSink | null = null

  constructor({ nowMs = processTimeMs, limits }: MemoryBrokerOptions = {}) {
    const make = (name: string, retention: Retention): KeptTopic => ({
      name,
      history: new History(retention),
    })
    this.#histories = new Histories(limits, make, nowMs)
  }

  start(sink: BrokerSink): Promise<void> {
    this.#sink = sink
    return DONE
  }

  publish(topic: string, message: PublishedMessage): Promise<void> {
    if (this.#sink === null) return Promise.reject(stopped(topic))
    this.#sink.deliver(topic, message)
    return DONE
  }

  async append(topic: string, message: PublishedMessage, options: AppendOptions): Promise<Cursor> {
    const sink = this.#started(topic)
    const kept = this.#histories.of(topic, options.retention)
    const { cursor, publication } = this.#histories.append(kept, message, options)
    if (publication !== null) sink.appended(topic, cursor.epoch, publication)
    return cursor
  }

  async attach(topic: string, retention: Retention | null): Promise<Cursor | null> {
    this.#started(topic)
    if (retention === null) return null
    const kept = this.#histories.of(topic, retention)
    this.#histories.hold(kept)
    return kept.history.head
  }

  detach(topic: string): void {
    const kept = this.#histories.find(topic)
    if (kept !== undefined) this.#histories.release(kept)
  }

  async read(
    topic: string,
    after: Cursor | 'start',
    limit: ReadLimit,
    retention: Retention,
  ): Promise<ReadResult> {
    this.#started(topic)
    return this.#histories.read(this.#histories.of(topic, retention), after, limit, retention)
  }

  stop(): Promise<void> {
    this.#sink = null
    return DONE
  }

  #started(topic: string): BrokerSink {
    if (this.#sink === null) throw stopped(topic)
    return this.#sink
  }
}

function stopped(topic: string): HoldlineError {
  return new HoldlineError('ERR_BROKER_STOPPED', topic)
}

function processTimeMs(): number {
  return Math.floor(performance.timeOrigin + performance.now())
}
