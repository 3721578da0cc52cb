// Publications of one topic with history, put in order: duplicates are dropped, what is missing is read, and what cannot
// be had any more is told as a gap. Goes by `previous` alone, whatever the broker does. Knows no subscribers.

import type { CancelTimer, Clock } from '../connection/clock.ts'
import type { Cursor, LostReason, Publication, ReadResult } from './broker.ts'
import { byteLengthOf } from './window.ts'

export interface FeedPlace {
  readonly clock: Clock
  /** What came behind the cursor, a page of it. */
  read(after: Cursor): Promise<ReadResult>
  /** The next publication. */
  next(epoch: string, publication: Publication): void
  /** What lies between the two is lost; the next one comes behind `to`. */
  lost(reason: LostReason, from: Cursor, to: Cursor): void
  /** A read failed, and will be tried again. */
  failed(error: unknown): void
}

const FIRST_RETRY_MS = 50
const LAST_RETRY_MS = 2_000
/** What waits for a hole to be filled; beyond it all is read anew. */
const MAX_WAITING = 1_024
const MAX_WAITING_BYTES = 1_048_576

export class Feed {
  readonly #place: FeedPlace
  /** Behind the last that was given on. */
  #cursor: Cursor | null = null
  /** Those behind a hole, by `previous`. */
  readonly #waiting = new Map<number, Publication>()
  #waitingBytes = 0
  /** As far as the topic is known to reach, in the present epoch. */
  #knownHead = 0
  /** Another epoch was seen, or publications may have been missed: ask. */
  #mustAsk = false
  #isReading = false
  #isEnded = false
  #retryMs = FIRST_RETRY_MS
  #cancelRetry: CancelTimer | null = null

  constructor(place: FeedPlace) {
    this.#place = place
  }

  /** null: not begun yet. */
  get cursor(): Cursor | null {
    return this.#cursor
  }

  /** Everything behind the head comes. What came before this was told comes again. */
  begin(head: Cursor): void {
    if (this.#cursor === null) this.#cursor = head
    else if (this.#cursor.epoch !== head.epoch || this.#cursor.offset > head.offset) this.ask()
    // Something came before the head was known.
    if (this.#mustAsk) this.ask()
    else this.#reach(head)
  }

  /** Publications may have been missed. */
  ask(): void {
    this.#mustAsk = true
    void this.#fill()
  }

  appended(epoch: string, publication: Publication): void {
    const cursor = this.#cursor
    // Which of two epochs is the later one, only the broker knows.
    if (cursor === null || cursor.epoch !== epoch) {
      this.ask()
      return
    }
    if (publication.offset <= cursor.offset) return
    if (publication.previous <= cursor.offset) {
      this.#pass(publication)
      if (this.#waiting.size > 0) this.#passWaiting()
      return
    }
    this.#keep(publication)
    this.#reach({ epoch, offset: publication.offset })
  }

  end(): void {
    this.#isEnded = true
    this.#cancelRetry?.()
    this.#forgetWaiting()
  }

  #reach(head: Cursor): void {
    if (head.epoch !== this.#cursor!.epoch) return
    this.#knownHead = Math.max(this.#knownHead, head.offset)
    if (this.#knownHead > this.#cursor!.offset) void this.#fill()
  }

  #pass(publication: Publication): void {
    const { epoch } = this.#cursor!
    this.#cursor = { epoch, offset: publication.offset }
    this.#place.next(epoch, publication)
  }

  #keep(publication: Publication): void {
    if (this.#waiting.size >= MAX_WAITING || this.#waitingBytes >= MAX_WAITING_BYTES) return
    if (this.#waiting.has(publication.previous)) return
    this.#waiting.set(publication.previous, publication)
    this.#waitingBytes += byteLengthOf(publication.message)
  }

  #passWaiting(): void {
    for (;;) {
      const next = this.#waiting.get(this.#cursor!.offset)
      if (next === undefined) break
      this.#pass(next)
      if (this.#isEnded) return
    }
    for (const [previous, { message }] of this.#waiting) {
      if (previous >= this.#cursor!.offset) continue
      this.#waiting.delete(previous)
      this.#waitingBytes -= byteLengthOf(message)
    }
  }

  #forgetWaiting(): void {
    this.#waiting.clear()
    this.#waitingBytes = 0
  }

  async #fill(): Promise<void> {
    if (this.#isReading || this.#isEnded || this.#cursor === null || this.#cancelRetry !== null)
      return
    this.#isReading = true
    try {
      while (!this.#isEnded && (this.#mustAsk || this.#knownHead > this.#cursor.offset)) {
        this.#mustAsk = false
        const after: Cursor = this.#cursor
        const result = await this.#place.read(after)
        if (this.#isEnded) return
        // What came meanwhile may have been just what was asked for.
        if (this.#take(after, result)) this.#retryMs = FIRST_RETRY_MS
        else {
          // The broker has told of publications that it does not give yet.
          this.#retry()
          return
        }
      }
    } catch (error) {
      if (this.#isEnded) return
      this.#mustAsk = true
      this.#place.failed(error)
      this.#retry()
    } finally {
      this.#isReading = false
    }
  }

  /** Whether anything was learned. */
  #take(after: Cursor, result: ReadResult): boolean {
    const cursor = this.#cursor!
    if (result.lost !== null) {
      // It has come meanwhile: not lost to us.
      if (cursor.offset !== after.offset) {
        this.#mustAsk = true
        return true
      }
      this.#forgetWaiting()
      this.#knownHead = result.head.offset
      // A broker that has not come so far within an epoch breaks its contract: what it has is not sent again.
      const to = result.lost === 'future' ? result.head : result.start
      this.#cursor = to
      this.#place.lost(result.lost, cursor, to)
      return true
    }
    for (const publication of result.publications) {
      if (publication.offset > this.#cursor!.offset) this.#pass(publication)
      if (this.#isEnded) return true
    }
    if (this.#waiting.size > 0) this.#passWaiting()
    this.#knownHead = Math.max(this.#knownHead, result.head.offset)
    return this.#cursor!.offset > after.offset || this.#knownHead <= this.#cursor!.offset
  }

  #retry(): void {
    this.#cancelRetry = this.#place.clock.setTimer(this.#retryMs, () => {
      this.#cancelRetry = null
      void this.#fill()
    })
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS)
  }

  /** The broker is back: no need to wait. */
  hurry(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = null
    this.#retryMs = FIRST_RETRY_MS
    this.ask()
  }
}
