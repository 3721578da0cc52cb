// What happens to a subscriber that is behind by more than it may, and what it is sent when it reads again. Its memory is
// bounded under each policy: by the window, by what it may lag, or by the number of keys.

import type { Piece } from '../connection/slab.ts'
import type { Gap, PublishedMessage } from '../connection/topic-hub.ts'
import type { Border } from './borders.ts'
import type { Cursor } from './broker.ts'
import type { CatchUp } from './catch-up.ts'
import type { LiveTopic } from './live-topic.ts'
import { Mode, tellProgram } from './subscription.ts'
import type { Pace, Subscription } from './subscription.ts'
import type { TopicCounters } from './topic-counters.ts'
import { framesOf } from './window.ts'

/** Of the latest of each key, so much is made ready at once. */
const LATEST_BYTES = 65_536

export interface OverflowPlace {
  readonly counters: TopicCounters
  readonly catchUp: CatchUp
  /** Publishers of the topic have to wait for this one. */
  block(subscription: Subscription): void
  unblock(subscription: Subscription): void
}

export class OverflowPolicies {
  readonly #place: OverflowPlace

  constructor(place: OverflowPlace) {
    this.#place = place
  }

  /** The subscriber cannot be written to, and more was published. */
  check(subscription: Subscription, pace: Pace): void {
    if (pace.mode !== Mode.LIVE) return
    const { connection, window, position } = subscription
    const lag = window.log.head - position
    if (pace.overflow === 'disconnect') {
      const waiting = connection.bufferedBytes + connection.hub.lagBytes(connection)
      if (lag > pace.lagBytes || waiting > connection.limits.bufferedBytes) {
        this.#disconnect(subscription)
      }
      return
    }
    if (lag <= pace.lagBytes) return
    const { counters } = this.#place
    if (pace.skippedFrom === null && pace.held === null && !pace.isBlocking) counters.overflows++
    if (pace.overflow === 'dropOldest') this.#dropOldest(subscription, pace)
    else if (pace.overflow === 'dropNewest') this.#dropNewest(subscription, pace)
    else if (pace.overflow === 'conflate') this.#conflate(subscription, pace)
    else if (pace.overflow === 'replay') this.#replay(subscription, pace)
    // What was under way when publishers were told to wait still comes; without end it must not.
    else if (lag > 2 * pace.lagBytes) this.#disconnect(subscription)
    else if (!pace.isBlocking) this.#place.block(subscription)
  }

  #disconnect({ connection }: Subscription): void {
    this.#place.counters.disconnected++
    connection.fail('ERR_SLOW_CONSUMER')
  }

  #dropOldest(subscription: Subscription, pace: Pace): void {
    const { window, position } = subscription
    const borders = window.borders!
    const from = borders.at(position)
    const to = borders.from(window.log.head - pace.lagBytes)
    if (to.end <= position) return
    pace.skippedFrom ??= from
    subscription.position = to.end
    this.#place.counters.droppedOldest += to.ordinal - from.ordinal
  }

  #dropNewest(subscription: Subscription, pace: Pace): void {
    const { window, position } = subscription
    const borders = window.borders!
    if (pace.held === null) {
      // The last that is within the bound.
      const to = borders.at(position + pace.lagBytes)
      pace.held = window.log.pieces(position, to.end)
      pace.heldBytes = to.end - position
      pace.heldTo = to
      subscription.position = to.end
    }
    const { head } = borders
    this.#place.counters.droppedNewest += head.ordinal - borders.at(subscription.position).ordinal
    subscription.position = head.end
  }

  #conflate(subscription: Subscription, pace: Pace): void {
    const borders = subscription.window.borders!
    const from = borders.at(subscription.position)
    pace.mode = Mode.LATEST
    pace.latestFrom = from
    if (from.gapCount === borders.head.gapCount) return
    // What tells of a gap of the topic is not read any more: all before its end is one gap.
    const to = borders.lastGap
    pace.latestFrom = to
    pace.dueGap = overflowGap(subscription, from, to, true)
  }

  #replay(subscription: Subscription, pace: Pace): void {
    const { epoch, offset } = subscription.window.borders!.at(subscription.position)
    this.#place.catchUp.begin(subscription, pace, { epoch, offset })
  }

  /** What the subscriber has to be sent, in order; its pace says what that is. Returns bytes. */
  take(subscription: Subscription, pace: Pace, pieces: Piece[]): number {
    if (pace.isQuiet) return 0
    let bytes = 0
    const gap = pace.dueGap
    pace.dueGap = null
    if (gap !== null) bytes += this.tellGap(subscription, pace, gap, pieces)
    if (pace.mode === Mode.PAGING) bytes += this.#place.catchUp.take(subscription, pace, pieces)
    else if (pace.mode === Mode.LATEST) bytes += this.#takeLatest(subscription, pace, pieces)
    if (pace.mode !== Mode.LIVE) return bytes
    if (pace.isBlocking) this.#place.unblock(subscription)
    const { window } = subscription
    if (pace.held !== null) bytes += this.#takeHeld(subscription, pace, pieces)
    else if (pace.skippedFrom !== null) {
      const from = pace.skippedFrom
      pace.skippedFrom = null
      bytes += this.#tell(
        subscription,
        pace,
        from,
        window.borders!.at(subscription.position),
        pieces,
      )
    }
    if (subscription.position === window.log.head) return bytes
    bytes += window.log.slice(subscription.position, pieces)
    subscription.position = window.log.head
    return bytes
  }

  #takeHeld(subscription: Subscription, pace: Pace, pieces: Piece[]): number {
    const { held, heldBytes, heldTo } = pace
    pace.held = null
    pace.heldBytes = 0
    pace.heldTo = null
    for (const piece of held!) pieces.push(piece)
    // What came since the last check is dropped with the rest.
    const borders = subscription.window.borders!
    const { head } = borders
    this.#place.counters.droppedNewest += head.ordinal - borders.at(subscription.position).ordinal
    subscription.position = head.end
    return heldBytes + this.#tell(subscription, pace, heldTo!, head, pieces)
  }

  #takeLatest(subscription: Subscription, pace: Pace, pieces: Piece[]): number {
    const { topic, window, connection } = subscription
    const { head } = window.borders!
    let from = pace.latestFrom!
    let bytes = 0
    const { evicted } = topic.latest!
    if (evicted.ordinal > from.ordinal) {
      const to = { ...from, ...evicted }
      bytes += this.#tell(subscription, pace, from, to, pieces, true)
      from = to
    }
    const messages: PublishedMessage[] = []
    let gathered = 0
    let to = head
    for (const { ordinal, publication } of topic.latest!.since(from.ordinal)) {
      const message = window.format.encode(topic.name, publication)
      messages.push(message)
      gathered += message.length
      if (gathered < LATEST_BYTES) continue
      to = { ...head, epoch: from.epoch, offset: publication.offset, ordinal }
      break
    }
    this.#place.counters.conflated += to.ordinal - from.ordinal - messages.length
    if (messages.length > 0) {
      const piece = framesOf(messages)
      pieces.push(piece)
      bytes += piece.end
    }
    if (to.ordinal === head.ordinal) {
      pace.mode = Mode.LIVE
      pace.latestFrom = null
      subscription.position = head.end
    } else {
      pace.latestFrom = to
      connection.flushLater()
    }
    return bytes
  }

  #tell(
    subscription: Subscription,
    pace: Pace,
    from: Border,
    to: Border,
    pieces: Piece[],
    isCountUnknown: boolean = from.gapCount !== to.gapCount,
  ): number {
    if (from.ordinal === to.ordinal && from.gapCount === to.gapCount) return 0
    const gap = overflowGap(subscription, from, to, isCountUnknown)
    return this.tellGap(subscription, pace, gap, pieces)
  }

  /** Puts what tells of the gap into the stream, as far as the format tells it there, and tells the program. */
  tellGap(subscription: Subscription, pace: Pace, gap: Gap, pieces: Piece[]): number {
    this.#place.counters.gaps++
    tellProgram(subscription, pace, gap)
    const message = subscription.window.format.gap(gap)
    if (message === null) return 0
    const piece = framesOf([message])
    pieces.push(piece)
    return piece.end
  }
}

function overflowGap(
  { topic }: Subscription,
  from: Border,
  to: Border,
  isCountUnknown: boolean,
): Gap {
  return {
    topic: topic.name,
    from: cursorOf(from),
    to: cursorOf(to),
    count: isCountUnknown ? null : to.ordinal - from.ordinal,
    reason: 'overflow',
  }
}

function cursorOf({ epoch, offset }: Border): Cursor | null {
  return epoch === '' ? null : { epoch, offset }
}

/** What the window of a subscriber with this policy needs besides its log. */
export function prepare(topic: LiveTopic, { window }: Subscription, { overflow }: Pace): void {
  if (overflow === 'disconnect' || overflow === 'block') return
  window.keepBorders(topic.standing)
  if (overflow === 'conflate') topic.keepLatest()
}
