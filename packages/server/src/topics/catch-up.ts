// Subscribers that read history: whoever resumes behind the window, and `replay`. Each is sent pages at its own pace, one
// at a time, and joins the window where it has what follows: no gap, no duplicate.

import type { Clock } from '../connection/clock.ts'
import type { Piece } from '../connection/slab.ts'
import type { Gap, PublicationFormat } from '../connection/topic-hub.ts'
import type { Cursor, Publication, ReadResult } from './broker.ts'
import type { LiveTopic } from './live-topic.ts'
import { Mode, tellProgram } from './subscription.ts'
import type { Pace, Page, Subscription } from './subscription.ts'
import type { TopicCounters } from './topic-counters.ts'
import { framesOf } from './window.ts'

export interface CatchUpPlace {
  readonly clock: Clock
  readonly counters: TopicCounters
  /** A page of the topic's history. */
  read(topic: LiveTopic, after: Cursor | 'start'): Promise<ReadResult>
}

interface SharedPage {
  readonly format: PublicationFormat
  /** Of the result's first publications; what this process has not had is not in it. */
  readonly count: number
  readonly page: Page
}

const RETRY_MS = 500

export class CatchUp {
  readonly #place: CatchUpPlace
  /** Whoever reads at the same time is given the same result, and it is encoded once for all of them. */
  readonly #pages = new WeakMap<ReadResult, SharedPage[]>()

  constructor(place: CatchUpPlace) {
    this.#place = place
  }

  /** From now on the subscriber reads history behind the cursor. */
  begin(subscription: Subscription, pace: Pace, cursor: Cursor): void {
    this.#place.counters.catchUps++
    pace.mode = Mode.PAGING
    pace.cursor = cursor
    pace.page = null
    void this.#readNext(subscription, pace)
  }

  /** The same, with the first page at hand. */
  beginWith(subscription: Subscription, pace: Pace, cursor: Cursor, result: ReadResult): void {
    this.#place.counters.catchUps++
    pace.mode = Mode.PAGING
    pace.cursor = cursor
    pace.reservedFrom = subscription.window.log.head
    this.#takeResult(subscription, pace, cursor, result)
  }

  /** The topic has gone on: one that was ahead of this process may find its place. */
  retry(subscription: Subscription): void {
    const { pace } = subscription
    if (pace === null || pace.mode !== Mode.PAGING || pace.page !== null) return
    if (this.#join(subscription, pace)) subscription.connection.flushLater()
    // It waited for this process to come to where it is, in an epoch that is over: history says what became of it.
    else if (pace.cancelTimer === null && epochOf(pace) !== subscription.topic.cursor?.epoch) {
      void this.#readNext(subscription, pace)
    }
  }

  /** The page that is ready; the next one is read meanwhile. */
  take(subscription: Subscription, pace: Pace, pieces: Piece[]): number {
    const { page } = pace
    if (page === null) return 0
    pace.page = null
    pace.cursor = page.cursor
    if (page.gap !== null) {
      this.#place.counters.gaps++
      tellProgram(subscription, pace, page.gap)
    }
    for (const piece of page.pieces) pieces.push(piece)
    this.#goOn(subscription, pace)
    return page.bytes
  }

  #goOn(subscription: Subscription, pace: Pace): void {
    if (!this.#join(subscription, pace)) void this.#readNext(subscription, pace)
  }

  /** Whether the window has what follows; then the subscriber reads on there. */
  #join(subscription: Subscription, pace: Pace): boolean {
    const { window, topic } = subscription
    const cursor = pace.cursor as Cursor
    const border = window.borders!.find(cursor)
    // A gap of this process's need not be one of history's.
    if (border === null || border.gapCount !== topic.gapCount) return false
    // The window keeps for it what it may lag, and no more.
    if (window.log.head - border.end > pace.lagBytes) return false
    topic.waiting.delete(subscription)
    pace.mode = Mode.LIVE
    pace.cursor = null
    subscription.position = border.end
    return true
  }

  async #readNext(subscription: Subscription, pace: Pace): Promise<void> {
    const { topic, window } = subscription
    const after = pace.cursor as Cursor
    // This process has not come so far: it is told when it has.
    if (topic.isBehind(after, false)) {
      topic.waiting.add(subscription)
      return
    }
    if (pace.isReading) return
    pace.isReading = true
    pace.reservedFrom = window.log.head
    let result: ReadResult
    try {
      result = await this.#place.read(topic, after)
    } catch {
      pace.isReading = false
      if (subscription.index < 0) return
      pace.cancelTimer = this.#place.clock.setTimer(RETRY_MS, () => {
        pace.cancelTimer = null
        if (subscription.index >= 0) this.#goOn(subscription, pace)
      })
      return
    }
    pace.isReading = false
    if (subscription.index < 0 || pace.mode !== Mode.PAGING) return
    this.#takeResult(subscription, pace, after, result)
    subscription.connection.flushLater()
  }

  #takeResult(subscription: Subscription, pace: Pace, after: Cursor, result: ReadResult): void {
    this.#place.counters.pages++
    const { topic, window } = subscription
    if (result.lost !== null) {
      const to = result.lost === 'future' ? result.head : result.start
      const gap: Gap = { topic: topic.name, from: after, to, count: null, reason: result.lost }
      const message = window.format.gap(gap)
      const pieces = message === null ? [] : [framesOf([message])]
      pace.page = { pieces, bytes: bytesOf(pieces), cursor: to, gap }
      return
    }
    // What this process has not had is left to the window, or it would come twice.
    const publications = result.publications.filter(
      ({ offset }) => !topic.isBehind({ epoch: result.head.epoch, offset }, true),
    )
    if (publications.length === 0) {
      this.#goOnLater(subscription, pace)
      return
    }
    pace.page = this.#pageOf(subscription, result, publications)
  }

  #pageOf(
    { topic, window: { format } }: Subscription,
    result: ReadResult,
    publications: readonly Publication[],
  ): Page {
    const count = publications.length
    const shared = this.#pages.get(result) ?? []
    const known = shared.find((one) => one.format === format && one.count === count)
    if (known !== undefined) return known.page
    const page = pageOf(format, topic.name, result.head.epoch, publications)
    this.#pages.set(result, [...shared, { format, count, page }])
    return page
  }

  /** Nothing that may be sent yet. Never at once: the broker would be asked without end. */
  #goOnLater(subscription: Subscription, pace: Pace): void {
    if (this.#join(subscription, pace)) return
    subscription.topic.waiting.add(subscription)
    pace.cancelTimer ??= this.#place.clock.setTimer(RETRY_MS, () => {
      pace.cancelTimer = null
      if (subscription.index >= 0 && pace.mode === Mode.PAGING && pace.page === null) {
        this.#goOn(subscription, pace)
      }
    })
  }
}

function pageOf(
  format: PublicationFormat,
  topic: string,
  epoch: string,
  publications: readonly Publication[],
): Page {
  const pieces = [framesOf(publications.map((one) => format.encode(topic, one)))]
  const { offset } = publications[publications.length - 1]!
  return { pieces, bytes: bytesOf(pieces), cursor: { epoch, offset }, gap: null }
}

function epochOf({ cursor }: Pace): string {
  return (cursor as Cursor).epoch
}

function bytesOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { start, end }) => sum + end - start, 0)
}
