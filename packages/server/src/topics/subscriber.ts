// How a subscription begins: the topic is attached, its place is found in the window or in history, and the answer comes
// before anything that is sent for it.

import type { HeldConnection } from '../connection/held-connection.ts'
import type { Subscribed } from '../connection/topic-hub.ts'
import type { Turn } from '../connection/turn.ts'
import { HoldlineError } from '../protocol/errors.ts'
import type { CatchUp } from './catch-up.ts'
import type { Cursor, LostReason } from './broker.ts'
import type { LiveTopics } from './live-topics.ts'
import type { Publisher } from './publisher.ts'
import { Mode, Pace } from './subscription.ts'
import type { Subscription } from './subscription.ts'

export interface SubscriberPlace {
  readonly turn: Turn
  readonly publisher: Publisher
  readonly live: LiveTopics
  readonly catchUp: CatchUp
}

export class Subscriber {
  readonly #place: SubscriberPlace

  constructor(place: SubscriberPlace) {
    this.#place = place
  }

  /** Rejects with what the broker says, ERR_CONNECTION_CLOSED when it has ended before it was answered. */
  ask(subscription: Subscription, since: Cursor | 'start' | undefined): Promise<Subscribed> {
    const { topic, pace } = subscription
    if (topic.feed === null) {
      if (pace !== null) pace.isQuiet = true
      return this.#askPlain(subscription)
    }
    if (topic.isAttached && since === undefined) {
      if (pace !== null) this.#answer(subscription, pace)
      return Promise.resolve(subscribed(topic.name, topic.cursor))
    }
    // Without a pace there is nothing to say that it waits.
    const asked = pace ?? new Pace('disconnect', subscription.connection.limits.bufferedBytes, null)
    asked.isForAnswer = pace === null
    subscription.pace = asked
    asked.mode = Mode.ASKED
    return this.#askLater(subscription, asked, since)
  }

  async #askPlain(subscription: Subscription): Promise<Subscribed> {
    const { topic } = subscription
    await this.#place.live.attach(topic)
    this.#mustBeThere(subscription)
    return subscribed(topic.name, null)
  }

  async #askLater(
    subscription: Subscription,
    pace: Pace,
    since: Cursor | 'start' | undefined,
  ): Promise<Subscribed> {
    const { topic, window } = subscription
    const { live, publisher, catchUp } = this.#place
    await live.attach(topic)
    this.#mustBeThere(subscription)
    if (since === undefined) return this.#goOnAtHead(subscription, pace, false, null)
    if (since !== 'start') {
      const border = window.borders!.find(since)
      if (border !== null && border.gapCount === topic.gapCount) {
        this.#answer(subscription, pace)
        subscription.position = border.end
        return { topic: topic.name, cursor: since, recovered: true, reason: null }
      }
    }
    pace.reservedFrom = window.log.head
    const result = await publisher.read(topic.name, since, topic.settings.retention!)
    this.#mustBeThere(subscription)
    if (result.lost !== null) {
      // Where history is: this process may not have come so far, or be in the epoch before.
      const { head: cursor, lost: reason } = result
      this.#answer(subscription, pace)
      if (!isAt(topic.cursor, cursor)) catchUp.begin(subscription, pace, cursor)
      return { topic: topic.name, cursor, recovered: false, reason }
    }
    const { publications, head } = result
    const cursor =
      since === 'start'
        ? { epoch: head.epoch, offset: publications[0]?.previous ?? head.offset }
        : since
    this.#answer(subscription, pace)
    catchUp.beginWith(subscription, pace, cursor, result)
    return { topic: topic.name, cursor, recovered: true, reason: null }
  }

  #goOnAtHead(
    subscription: Subscription,
    pace: Pace,
    recovered: boolean,
    reason: LostReason | null,
  ): Subscribed {
    const { topic } = subscription
    this.#answer(subscription, pace)
    return { topic: topic.name, cursor: topic.cursor, recovered, reason }
  }

  /** From here on it is sent what is published, when it has been answered. */
  #answer(subscription: Subscription, pace: Pace): void {
    pace.mode = Mode.LIVE
    pace.isQuiet = true
    subscription.position = subscription.window.log.head
  }

  /** It has been answered: from the end of this turn on it is sent what there is. */
  speak(subscription: Subscription): void {
    const { pace } = subscription
    if (pace === null) return
    this.#place.turn.beforeFlush(() => {
      pace.isQuiet = false
      if (pace.isForAnswer) subscription.pace = null
      if (subscription.index >= 0 && subscription.lagBytes > 0) subscription.connection.flushLater()
    })
  }

  #mustBeThere({ index }: Subscription): void {
    if (index < 0) throw new HoldlineError('ERR_CONNECTION_CLOSED')
  }

  refused(connection: HeldConnection, error: unknown): Promise<never> {
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- it is what was thrown
    const refusal = Promise.reject(error)
    refusal.catch((reason: unknown) => this.report(connection, reason))
    return refusal
  }

  /** Whoever does not wait for the answer is told so: by the counters, and on the channel of reports. */
  report(connection: HeldConnection, error: unknown): void {
    const isClosed = error instanceof HoldlineError && error.code === 'ERR_CONNECTION_CLOSED'
    if (isClosed || !connection.isOpen) return
    if (error instanceof HoldlineError) connection.report(error.code)
    else connection.report('ERR_HANDLER', error)
  }
}

function subscribed(topic: string, cursor: Cursor | null): Subscribed {
  return { topic, cursor, recovered: false, reason: null }
}

function isAt(cursor: Cursor | null, other: Cursor): boolean {
  return cursor !== null && cursor.epoch === other.epoch && cursor.offset === other.offset
}
