// Puts the publications of one topic together as the contract of brokers says that it can be done: by `previous` and
// `read` alone, whatever a broker tells twice, out of order or not at all. What a broker says is judged by the result.

import assert from 'node:assert/strict'
import type { Broker, Cursor, LostReason, Publication, Retention } from '../topics/broker.ts'

export interface ReaderGap {
  readonly reason: LostReason
  readonly from: Cursor
  readonly to: Cursor
}

/** Pages are small, so that a catch-up takes several. */
const PAGE = { count: 100, bytes: 65_536 }
const RETRY_MS = 20

export class TopicReader {
  readonly topic: string
  /** In order, none left out but where `gaps` says so. */
  readonly read: { readonly epoch: string; readonly publication: Publication }[] = []
  readonly gaps: ReaderGap[] = []
  /** What the broker's answers got wrong. */
  readonly faults: unknown[] = []
  readonly #broker: Broker
  readonly #retention: Retention
  #cursor: Cursor = { epoch: '', offset: 0 }
  #isAttached = false
  /** One catch-up at a time; whoever asks meanwhile has another one follow. */
  #isCatchingUp = false
  #isAsked = false
  #isStopped = false

  constructor(broker: Broker, topic: string, retention: Retention) {
    this.#broker = broker
    this.topic = topic
    this.#retention = retention
  }

  get cursor(): Cursor {
    return this.#cursor
  }

  get messages(): string[] {
    return this.read.map(({ publication }) => String(publication.message))
  }

  /** Attaches, and begins behind a cursor, or at the head. */
  async start(after?: Cursor): Promise<Cursor> {
    const head = await this.#broker.attach(this.topic, this.#retention)
    assert.ok(head !== null, 'attach answered null for a topic with history')
    this.#cursor = after ?? head
    this.#isAttached = true
    // What came between the head's time and now.
    this.catchUp()
    return head
  }

  stop(): void {
    this.#isStopped = true
  }

  /** A publication was told. */
  appended(epoch: string, publication: Publication): void {
    if (!this.#isAttached || this.#isStopped) return
    const { epoch: mine, offset } = this.#cursor
    if (epoch === mine && publication.offset <= offset) return
    if (epoch === mine && publication.previous === offset) this.#take(epoch, publication)
    else this.catchUp()
  }

  /** Reads what there is behind the cursor. */
  catchUp(): void {
    if (!this.#isAttached || this.#isStopped) return
    this.#isAsked = true
    if (this.#isCatchingUp) return
    this.#isCatchingUp = true
    this.#catchUpAll()
      .catch((error: unknown) => void this.faults.push(error))
      .finally(() => (this.#isCatchingUp = false))
  }

  async #catchUpAll(): Promise<void> {
    while (this.#isAsked && !this.#isStopped) {
      this.#isAsked = false
      while (!this.#isStopped && !(await this.#readPage()));
    }
  }

  /** Answers whether that was the last one. */
  async #readPage(): Promise<boolean> {
    const after = this.#cursor
    const answer = await this.#broker
      .read(this.topic, after, PAGE, this.#retention)
      .catch(() => null)
    if (answer === null) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      return false
    }
    if (answer.lost !== null) {
      this.#lost(answer.lost, after, answer.start)
      return false
    }
    const { publications, head } = answer
    for (const [i, publication] of publications.entries()) {
      const previous = i === 0 ? after.offset : publications[i - 1]!.offset
      assert.equal(publication.previous, previous, `previous of ${publication.offset} as read`)
      if (publication.offset > this.#cursor.offset) this.#take(head.epoch, publication)
    }
    return publications.length === 0 || this.#cursor.offset >= head.offset
  }

  #lost(reason: LostReason, after: Cursor, start: Cursor): void {
    // It may have gone on by what was told while the answer was under way.
    const { epoch, offset } = this.#cursor
    if (epoch === start.epoch && offset >= start.offset && offset !== after.offset) return
    this.gaps.push({ reason, from: this.#cursor, to: start })
    this.#cursor = start
  }

  #take(epoch: string, publication: Publication): void {
    this.#cursor = { epoch, offset: publication.offset }
    this.read.push({ epoch, publication })
  }
}
