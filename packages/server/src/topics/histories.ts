// The histories that one process keeps, bounded together: ever new names take the place of topics that nobody uses, and
// not the memory of the process. Knows neither who is attached nor who is told.
//
// Rule 1: a topic that somebody is attached to stays, and so does one that a retry may still be made on.
// Rule 2: those without a publication go first, so that asking for names costs nobody a history; then those that were
//         used longest ago.
// Rule 3: where none of them can go, a new topic is refused, and a publication makes its own topic keep less.
// Rule 4: Holdline's own topics stay whatever happens: who was revoked must not be forgotten for others' sake.

import { HoldlineError } from '../protocol/errors.ts'
import type {
  AppendOptions,
  Cursor,
  PublishedMessage,
  ReadLimit,
  ReadResult,
  Retention,
} from './broker.ts'
import type { Appended, History } from './history.ts'
import { resolveHistoryLimits } from './history-limits.ts'
import type { HistoryLimits } from './history-limits.ts'
import { isOwnTopic } from './topic-name.ts'
import { byteLengthOf } from './window.ts'

/** A topic as whoever keeps it has it. */
export interface KeptHistory {
  readonly name: string
  readonly history: History
}

/** So many topics are kept before any is forgotten for its age. */
const SWEEP_FROM = 10_000
/** Topics that are looked at to find one that can go; those that cannot are looked at again after all others. */
const MOST_LOOKS = 32
/** UTF-8 of one unit of UTF-16 is no longer. */
const MOST_UNIT_BYTES = 3

export class Histories<Kept extends KeptHistory> {
  readonly #limits: Required<HistoryLimits>
  readonly #make: (name: string, retention: Retention) => Kept
  readonly #nowMs: () => number
  readonly #all = new Map<string, Kept>()
  /** Nobody is attached to these, and nothing was ever published on them. */
  readonly #unused = new Set<Kept>()
  /** Nobody is attached to these. Those that were used longest ago come first. */
  readonly #idle = new Set<Kept>()
  #bytes = 0
  #sweepAt = SWEEP_FROM

  constructor(
    limits: HistoryLimits | undefined,
    make: (name: string, retention: Retention) => Kept,
    nowMs: () => number,
  ) {
    this.#limits = resolveHistoryLimits(limits)
    this.#make = make
    this.#nowMs = nowMs
  }

  /** Topics that are kept. */
  get count(): number {
    return this.#all.size
  }

  /** Bytes of all messages that are kept. */
  get bytes(): number {
    return this.#bytes
  }

  all(): Iterable<Kept> {
    return this.#all.values()
  }

  find(name: string): Kept | undefined {
    return this.#all.get(name)
  }

  /** @throws HoldlineError ERR_TOPIC_LIMIT */
  of(name: string, retention: Retention): Kept {
    const known = this.#all.get(name)
    if (known !== undefined) return known
    if (this.#all.size >= this.#sweepAt) this.#sweep()
    const isOwn = isOwnTopic(name)
    if (!isOwn && this.#all.size >= this.#limits.topics && !this.#retire()) {
      throw new HoldlineError('ERR_TOPIC_LIMIT', `${name}: ${this.#all.size} topics`)
    }
    const kept = this.#make(name, retention)
    this.#all.set(name, kept)
    if (!isOwn) this.#unused.add(kept)
    return kept
  }

  /** @throws HoldlineError ERR_TOPIC_LIMIT */
  append(kept: Kept, message: PublishedMessage, options: AppendOptions): Appended {
    const { history } = kept
    const nowMs = this.#nowMs()
    // The length of a text costs more than the bound of it.
    const isTight = this.#bytes + message.length * MOST_UNIT_BYTES > this.#limits.bytes
    const fitted = isTight ? this.#fit(kept, message, options, nowMs) : options
    const before = history.bytes
    const appended = history.append(message, fitted, nowMs)
    this.#bytes += history.bytes - before
    if (this.#unused.delete(kept) || this.#idle.delete(kept)) this.#idle.add(kept)
    return appended
  }

  read(kept: Kept, after: Cursor | 'start', limit: ReadLimit, retention: Retention): ReadResult {
    const { history } = kept
    const before = history.bytes
    const result = history.read(after, limit, retention, this.#nowMs())
    this.#bytes += history.bytes - before
    if (this.#idle.delete(kept)) this.#idle.add(kept)
    return result
  }

  /** Somebody is attached to it. */
  hold(kept: Kept): void {
    this.#unused.delete(kept)
    this.#idle.delete(kept)
  }

  /** Nobody is attached to it any more. */
  release(kept: Kept): void {
    if (isOwnTopic(kept.name) || this.#all.get(kept.name) !== kept) return
    if (kept.history.head.offset === 0) this.#unused.add(kept)
    else this.#idle.add(kept)
  }

  /** Options that keep the bytes of all topics within the limit, this publication counted. */
  #fit(
    kept: Kept,
    message: PublishedMessage,
    options: AppendOptions,
    nowMs: number,
  ): AppendOptions {
    const { history, name } = kept
    const bytes = byteLengthOf(message)
    if (isOwnTopic(name) || history.isKnown(options.idempotencyKey, nowMs)) return options
    while (this.#bytes + bytes > this.#limits.bytes && this.#retire(kept));
    const mostBytes = this.#limits.bytes - this.#bytes + history.bytes
    if (bytes > mostBytes) {
      throw new HoldlineError('ERR_TOPIC_LIMIT', `${name}: ${this.#bytes} bytes are kept`)
    }
    const { retention } = options
    if (retention.bytes <= mostBytes) return options
    return { ...options, retention: { ...retention, bytes: Math.max(mostBytes, 1) } }
  }

  /** Forgets a topic, but not `spared`. False: none can go. */
  #retire(spared: Kept | null = null): boolean {
    const nowMs = this.#nowMs()
    for (const candidates of [this.#unused, this.#idle]) {
      let lookCount = 0
      for (const kept of candidates) {
        if (++lookCount > MOST_LOOKS) break
        if (kept === spared) continue
        if (!kept.history.awaitsRetry(nowMs)) {
          this.#forget(kept)
          return true
        }
        candidates.delete(kept)
        candidates.add(kept)
      }
    }
    return false
  }

  /** Forgets topics that nobody would miss: all that they keep is too old. */
  #sweep(): void {
    const nowMs = this.#nowMs()
    for (const candidates of [this.#unused, this.#idle]) {
      for (const kept of candidates) {
        const before = kept.history.bytes
        const isStale = kept.history.isStale(nowMs)
        this.#bytes += kept.history.bytes - before
        if (isStale) this.#forget(kept)
      }
    }
    // At twice of what is left, so that it costs O(1) for each new topic.
    this.#sweepAt = Math.max(SWEEP_FROM, 2 * this.#all.size)
  }

  #forget(kept: Kept): void {
    this.#all.delete(kept.name)
    this.#unused.delete(kept)
    this.#idle.delete(kept)
    this.#bytes -= kept.history.bytes
  }
}
