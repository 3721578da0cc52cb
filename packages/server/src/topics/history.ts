// The history of one topic in memory: what it keeps and for how long, where a cursor points, which publications came
// before. Brokers stand on it. It has no clock: whoever calls says what time it is.

import type {
  AppendOptions,
  Cursor,
  LostReason,
  Publication,
  PublishedMessage,
  ReadLimit,
  ReadResult,
  Retention,
} from './broker.ts'

/** For at least so long a retry with the same idempotency key is answered with the first one's cursor. */
export const IDEMPOTENCY_WINDOW_MS: number = 120_000
/** Keys of one topic that are remembered for certain; beyond it, those of the last so many publications with a key. */
export const MAX_IDEMPOTENCY_KEYS: number = 200_000

/** Publications of one block: blocks are let go as a whole, so that nothing is ever moved. */
const BLOCK_LENGTH = 256

export interface Appended {
  readonly cursor: Cursor
  /** null: its idempotency key was known, so nothing was added; `cursor` is the first one's. */
  readonly publication: Publication | null
}

/** Publications with consecutive offsets, a column for each of their fields. */
interface Block {
  readonly messages: (PublishedMessage | null)[]
  readonly times: number[]
  /** null: none of them has a key. */
  keys: (string | null)[] | null
}

const GONE: Block = { messages: [], times: [], keys: null }

/**
 * Offsets are 1, 2, 3, … within the epoch. What is older than retention allows is gone as of the time that a call
 * names, whether or not anything was published since. Times must come from a clock that only moves forward: one that was
 * set back counts as standing still.
 */
export class History {
  readonly epoch: string
  #retention: Retention
  /** The first one holds `#first`; block n holds offsets from `#base + n * BLOCK_LENGTH`. */
  #blocks: Block[] = []
  /** Blocks at the front of `#blocks` that were let go and not yet cut off. */
  #gone = 0
  /** Offset of the first place of `#blocks[#gone]`. */
  #base = 1
  /** The first that is kept; one more than `#head` where nothing was ever published. */
  #first = 1
  #head = 0
  #bytes = 0
  #nowMs = -Infinity
  #lastLoss: 'trimmed' | 'expired' = 'trimmed'
  /** Keys of this window and of the one before: each is remembered for one window at least, and two at most. */
  #keys: Map<string, number> | null = null
  #olderKeys: Map<string, number> | null = null
  #windowEndsMs = 0

  /** @param epoch by default a random one */
  constructor(retention: Retention, epoch: string = newEpoch()) {
    this.#retention = retention
    this.epoch = epoch
  }

  get head(): Cursor {
    return { epoch: this.epoch, offset: this.#head }
  }

  /** Publications that are kept. */
  get count(): number {
    return this.#head - this.#first + 1
  }

  /** Bytes of the messages that are kept. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether a publication had this key so lately that a retry adds nothing. */
  isKnown(idempotencyKey: string | null, nowMs: number): boolean {
    this.#passTo(nowMs)
    return idempotencyKey !== null && this.#known(idempotencyKey) !== undefined
  }

  /** Whether a publication of late had an idempotency key. */
  awaitsRetry(nowMs: number): boolean {
    this.#passTo(nowMs)
    return this.#keys !== null || this.#olderKeys !== null
  }

  /** Whether forgetting it costs nobody more than its age would: all that it keeps is too old, and no retry is awaited. */
  isStale(nowMs: number): boolean {
    if (this.awaitsRetry(nowMs)) return false
    this.#trim()
    if (this.#head === 0) return true
    const { times } = this.#blockOf(this.#head)
    return times.at(-1)! < this.#nowMs - this.#retention.ageMs
  }

  /** Takes a publication, with a copy of its bytes, and lets go what it pushes out. */
  append(message: PublishedMessage, options: AppendOptions, nowMs: number): Appended {
    this.#passTo(nowMs)
    this.#retention = options.retention
    const { key, idempotencyKey } = options
    if (idempotencyKey !== null) {
      const known = this.#known(idempotencyKey)
      if (known !== undefined) {
        return { cursor: { epoch: this.epoch, offset: known }, publication: null }
      }
    }
    const kept = typeof message === 'string' ? message : new Uint8Array(message)
    const previous = this.#head
    const offset = previous + 1
    const timeMs = this.#nowMs
    this.#push(kept, key, timeMs)
    if (idempotencyKey !== null) this.#remember(idempotencyKey, offset)
    this.#trim()
    return {
      cursor: { epoch: this.epoch, offset },
      publication: { offset, previous, message: kept, key, timeMs },
    }
  }

  /** What came behind the cursor, at most a page of it; or why that is not all there. */
  read(after: Cursor | 'start', limit: ReadLimit, retention: Retention, nowMs: number): ReadResult {
    this.#passTo(nowMs)
    this.#retention = retention
    this.#trim()
    const { head } = this
    const lost = after === 'start' ? null : this.#lossOf(after)
    if (lost !== null) return { lost, head, start: { epoch: this.epoch, offset: this.#first - 1 } }
    const from = after === 'start' ? this.#first : after.offset + 1
    return { lost: null, publications: this.#page(from, limit), head }
  }

  #known(idempotencyKey: string): number | undefined {
    return this.#keys?.get(idempotencyKey) ?? this.#olderKeys?.get(idempotencyKey)
  }

  #lossOf({ epoch, offset }: Cursor): LostReason | null {
    if (epoch !== this.epoch) return 'epoch'
    if (offset > this.#head) return 'future'
    return offset < this.#first - 1 ? this.#lastLoss : null
  }

  #page(from: number, limit: ReadLimit): Publication[] {
    const page: Publication[] = []
    let bytes = 0
    const end = Math.min(this.#head, from + limit.count - 1)
    for (let offset = from; offset <= end; offset++) {
      const block = this.#blockOf(offset)
      const place = (offset - this.#base) % BLOCK_LENGTH
      const message = block.messages[place]!
      bytes += byteLengthOf(message)
      if (bytes > limit.bytes && page.length > 0) break
      page.push({
        offset,
        previous: offset - 1,
        message,
        key: block.keys?.[place] ?? null,
        timeMs: block.times[place]!,
      })
    }
    return page
  }

  #blockOf(offset: number): Block {
    return this.#blocks[this.#gone + Math.floor((offset - this.#base) / BLOCK_LENGTH)]!
  }

  #push(message: PublishedMessage, key: string | null, timeMs: number): void {
    const offset = ++this.#head
    const place = (offset - this.#base) % BLOCK_LENGTH
    if (place === 0) this.#blocks.push({ messages: [], times: [], keys: null })
    const block = this.#blocks[this.#blocks.length - 1]!
    block.messages.push(message)
    block.times.push(timeMs)
    if (block.keys !== null) block.keys.push(key)
    else if (key !== null) {
      block.keys = Array.from({ length: place }, () => null)
      block.keys.push(key)
    }
    this.#bytes += byteLengthOf(message)
  }

  /** Lets go what retention does not allow at this time. The newest stays. */
  #trim(): void {
    const { count, bytes, ageMs } = this.#retention
    const oldestMs = this.#nowMs - ageMs
    while (this.#first < this.#head) {
      const block = this.#blocks[this.#gone]!
      const place = this.#first - this.#base
      const isOld = block.times[place]! < oldestMs
      if (!isOld && this.count <= count && this.#bytes <= bytes) return
      this.#lastLoss = isOld ? 'expired' : 'trimmed'
      this.#bytes -= byteLengthOf(block.messages[place]!)
      block.messages[place] = null
      this.#first++
      if (place === BLOCK_LENGTH - 1) this.#letBlockGo()
    }
  }

  #letBlockGo(): void {
    this.#base += BLOCK_LENGTH
    this.#blocks[this.#gone++] = GONE
    // Cut off when they are half of them, so that each costs O(1).
    if (this.#gone * 2 < this.#blocks.length) return
    this.#blocks = this.#blocks.slice(this.#gone)
    this.#gone = 0
  }

  #passTo(nowMs: number): void {
    if (nowMs > this.#nowMs) this.#nowMs = nowMs
    if (this.#keys === null && this.#olderKeys === null) return
    const lateMs = this.#nowMs - this.#windowEndsMs
    if (lateMs < 0) return
    this.#olderKeys = lateMs < IDEMPOTENCY_WINDOW_MS ? this.#keys : null
    this.#keys = null
    this.#windowEndsMs = this.#nowMs + IDEMPOTENCY_WINDOW_MS
  }

  #remember(idempotencyKey: string, offset: number): void {
    if (this.#keys === null) {
      this.#keys = new Map()
      if (this.#olderKeys === null) this.#windowEndsMs = this.#nowMs + IDEMPOTENCY_WINDOW_MS
    }
    this.#keys.set(idempotencyKey, offset)
    if (this.#keys.size < MAX_IDEMPOTENCY_KEYS) return
    this.#olderKeys = this.#keys
    this.#keys = null
    this.#windowEndsMs = this.#nowMs + IDEMPOTENCY_WINDOW_MS
  }
}

/** Names an epoch: 16 characters, 96 bits of chance. */
export function newEpoch(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12))
  return Buffer.from(bytes).toString('base64url')
}

function byteLengthOf(message: PublishedMessage): number {
  return typeof message === 'string' ? Buffer.byteLength(message) : message.byteLength
}
