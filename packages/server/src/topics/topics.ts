// The topics of one process: who is subscribed, and what each connection has still to be sent. Publications come
// from the broker; at the end of the turn each subscriber is sent what it has not had, in one slice.

import type { Clock } from '../connection/clock.ts'
import type { HeldConnection } from '../connection/held-connection.ts'
import type { Piece } from '../connection/slab.ts'
import type {
  Cursor,
  Gap,
  HistoryOptions,
  HistoryPage,
  OwnTopics,
  PublishOptions,
  Subscribed,
  SubscribeOptions,
  TopicHub,
} from '../connection/topic-hub.ts'
import type { Turn } from '../connection/turn.ts'
import type { Broker, BrokerSink, Publication, PublishedMessage } from './broker.ts'
import { CatchUp } from './catch-up.ts'
import { HOLD_TOPIC } from './hold.ts'
import type { LiveTopic, TopicListener } from './live-topic.ts'
import { LiveTopics } from './live-topics.ts'
import type { TopicCensus } from './live-topics.ts'
import { OverflowPolicies, prepare } from './overflow.ts'
import type { Presence } from './presence.ts'
import { Publisher } from './publisher.ts'
import { paceOf } from './subscribe-options.ts'
import { Subscriber } from './subscriber.ts'
import { Subscription } from './subscription.ts'
import type { Pace } from './subscription.ts'
import { topicCounters } from './topic-counters.ts'
import type { TopicCounters } from './topic-counters.ts'
import { checkSubscribedTopic } from './topic-name.ts'
import { TopicSettingsTable } from './topic-settings.ts'

export type { TopicListener } from './live-topic.ts'

export interface TopicsPlace {
  readonly turn: Turn
  readonly clock: Clock
  readonly settings?: TopicSettingsTable
  /** What nobody awaited has failed: the operator is told. */
  readonly warn?: (error: unknown) => void
}

type Subscriptions = Map<string, Subscription>

export class Topics implements TopicHub, BrokerSink {
  readonly settings: TopicSettingsTable
  readonly counters: TopicCounters = topicCounters()
  /** Set before the start, where there is presence. */
  presence: Presence | undefined = undefined
  readonly own: OwnTopics
  readonly #turn: Turn
  readonly #clock: Clock
  readonly #publisher: Publisher
  readonly #live: LiveTopics
  readonly #subscriber: Subscriber
  readonly #overflow: OverflowPolicies
  #dirty: LiveTopic[] = []

  constructor({ turn, clock, settings = new TopicSettingsTable(), warn }: TopicsPlace) {
    this.#turn = turn
    this.#clock = clock
    this.settings = settings
    const publisher = new Publisher({ clock, settings, warn })
    this.#publisher = publisher
    this.#live = new LiveTopics({
      clock,
      settings,
      publisher,
      warn,
      take: (topic, publication) => this.#take(topic, topic.name, publication.message, publication),
      takeGap: (topic, gap) => this.#takeGap(topic, gap),
    })
    const catchUp = new CatchUp({
      clock,
      counters: this.counters,
      read: (topic, after) => publisher.read(topic.name, after, topic.settings.retention!),
    })
    this.#subscriber = new Subscriber({ turn, publisher, live: this.#live, catchUp })
    this.#overflow = new OverflowPolicies({
      counters: this.counters,
      catchUp,
      block: (subscription) => this.#block(subscription),
      unblock: (subscription) => this.#unblock(subscription),
    })
    this.#catchUp = catchUp
    this.own = {
      publish: (name, message, options) => publisher.publishAny(name, message, options),
      history: (name, options) => publisher.historyOfAny(name, options),
      listen: (name, listener) => this.#listen(name, listener),
    }
  }

  readonly #catchUp: CatchUp

  /** Resolves when publications pass. Rejects with ERR_BROKER_START. */
  async start(broker: Broker): Promise<void> {
    this.#publisher.begin(broker)
    await broker.start(this)
    if (this.settings.mayBlock) {
      this.#listen(HOLD_TOPIC, (message) => this.#publisher.hold.heard(String(message)))
    }
    this.#live.begin()
  }

  /** From now on publications are refused. */
  refuse(): void {
    this.#publisher.refuse()
  }

  /** From now on publications are refused; resolves when what was published has been handed over. */
  async stop(): Promise<void> {
    const { broker } = this.#publisher
    this.#publisher.end()
    this.#live.end()
    await broker?.stop()
  }

  /** How many topics and subscriptions of connections there are here, and how many of these do not read the window. */
  get census(): TopicCensus {
    return this.#live.census
  }

  // --- What connections and models ask for

  subscribe(
    connection: HeldConnection,
    name: string,
    options?: SubscribeOptions,
  ): Promise<Subscribed> {
    checkSubscribedTopic(name)
    const known = (connection.subscriptions as Subscriptions | null)?.get(name)
    if (known !== undefined) return known.subscribed
    try {
      const topic = this.#live.of(name)
      try {
        const pace = paceOf(name, topic.settings, topic.feed !== null, connection.limits, options)
        return this.#add(topic, connection, pace, options)
      } finally {
        this.#live.dropIfUnused(topic)
      }
    } catch (error) {
      return this.#subscriber.refused(connection, error)
    }
  }

  #add(
    topic: LiveTopic,
    connection: HeldConnection,
    pace: Pace | null,
    options: SubscribeOptions | undefined,
  ): Promise<Subscribed> {
    const mine = (connection.subscriptions ??= new Map()) as Subscriptions
    const window = topic.windowOf(options?.format)
    const subscription = new Subscription(topic, window, connection, topic.subscribed)
    subscription.pace = pace
    window.add(subscription)
    mine.set(topic.name, subscription)
    if (pace !== null) prepare(topic, subscription, pace)
    // Without history and options a subscriber is sent what is published from this call on.
    if (topic.isAttached && topic.feed === null && pace === null) return topic.subscribed
    const asked = this.#subscriber.ask(subscription, options?.since)
    subscription.subscribed = asked
    // One reaction behind those of whoever asked: what they send goes before the first publication.
    asked.then(nothing).then(
      () => this.#subscriber.speak(subscription),
      (error: unknown) => {
        this.#subscriber.report(connection, error)
        if (mine.get(topic.name) === subscription) this.unsubscribe(connection, topic.name)
      },
    )
    return asked
  }

  unsubscribe(connection: HeldConnection, name: string): void {
    const mine = connection.subscriptions as Subscriptions | null
    const subscription = mine?.get(name)
    if (mine === null || subscription === undefined) return
    mine.delete(name)
    if (mine.size === 0) connection.subscriptions = null
    this.#remove(subscription)
  }

  leave(connection: HeldConnection): void {
    this.presence?.leave(connection)
    const mine = connection.subscriptions as Subscriptions | null
    if (mine === null) return
    connection.subscriptions = null
    for (const subscription of mine.values()) this.#remove(subscription)
  }

  #remove(subscription: Subscription): void {
    const { topic, window, pace } = subscription
    window.remove(subscription)
    if (pace !== null) {
      if (pace.isBlocking) this.#unblock(subscription)
      pace.end()
      topic.waiting.delete(subscription)
    }
    if (window.subscribers.length === 0) topic.dropWindow(window)
    this.#live.dropIfUnused(topic)
  }

  take(connection: HeldConnection, pieces: Piece[]): number {
    const mine = connection.subscriptions as Subscriptions
    let bytes = 0
    let deferred: Set<Subscription> | null = null
    for (const subscription of mine.values()) {
      const { pace } = subscription
      if (pace !== null && bytes > connection.limits.bufferedBytes / 2) {
        deferred ??= new Set()
        deferred.add(subscription)
      } else if (pace === null || pace.readsOn) {
        const { log } = subscription.window
        if (subscription.position === log.head) continue
        bytes += log.slice(subscription.position, pieces)
        subscription.position = log.head
      } else bytes += this.#overflow.take(subscription, pace, pieces)
    }
    if (deferred !== null) letGoFirst(connection, mine, deferred)
    return bytes
  }

  lagBytes(connection: HeldConnection): number {
    const mine = connection.subscriptions as Subscriptions | null
    if (mine === null) return 0
    let bytes = 0
    for (const subscription of mine.values()) bytes += subscription.lagBytes
    return bytes
  }

  listen(name: string, listener: TopicListener): () => void {
    checkSubscribedTopic(name)
    return this.#listen(name, listener)
  }

  #listen(name: string, listener: TopicListener): () => void {
    const topic = this.#live.of(name)
    topic.listeners.add(listener)
    this.#live.keepAttached(topic)
    return () => {
      topic.listeners.delete(listener)
      this.#live.dropIfUnused(topic)
    }
  }

  publish(
    name: string,
    message: PublishedMessage,
    options?: PublishOptions,
  ): Promise<Cursor | null> {
    return this.#publisher.publish(name, message, options)
  }

  history(name: string, options?: HistoryOptions): Promise<HistoryPage> {
    return this.#publisher.history(name, options)
  }

  // --- What the broker tells

  deliver(name: string, message: PublishedMessage): void {
    const topic = this.#live.find(name)
    if (topic !== undefined) this.#take(topic, name, message, null)
    for (const pattern of this.#live.patterns) {
      if (pattern.pattern!.matches(name)) this.#take(pattern, name, message, null)
    }
  }

  appended(name: string, epoch: string, publication: Publication): void {
    const topic = this.#live.find(name)
    topic?.feed?.appended(epoch, publication)
    for (const pattern of this.#live.patterns) {
      if (!pattern.pattern!.matches(name)) continue
      const gap = this.#live.gapBefore(pattern, name, epoch, publication)
      if (gap === 'known') continue
      if (gap !== null) this.#takeGap(pattern, gap)
      this.#take(pattern, name, publication.message, publication)
    }
  }

  interrupted(): void {}

  restored(): void {
    for (const topic of this.#live.all()) {
      if (topic.feed !== null) topic.feed.hurry()
      else if (topic.windows.length > 0) this.#takeGap(topic, awayGap(topic.name))
    }
    // Who came and went meanwhile was not heard.
    this.presence?.start()
  }

  processGone(processName: string): void {
    this.#publisher.hold.processGone(processName)
    this.presence?.processGone(processName)
  }

  // --- Inside

  #take(
    topic: LiveTopic,
    name: string,
    message: PublishedMessage,
    publication: Publication | null,
  ): void {
    this.counters.publications++
    topic.take(name, message, publication)
    if (topic.waiting.size > 0) this.#retryWaiting(topic)
    if (!topic.isDirty && topic.windows.length > 0) this.#markDirty(topic)
  }

  #takeGap(topic: LiveTopic, gap: Gap): void {
    this.counters.gaps += topic.takeGap(gap)
    this.#retryWaiting(topic)
    if (!topic.isDirty) this.#markDirty(topic)
  }

  #retryWaiting({ waiting }: LiveTopic): void {
    for (const subscription of waiting) this.#catchUp.retry(subscription)
  }

  #markDirty(topic: LiveTopic): void {
    topic.isDirty = true
    this.#dirty.push(topic)
    if (this.#dirty.length === 1) this.#turn.beforeFlush(this.#schedule)
  }

  /** Once a turn: whoever can be written to is flushed; whoever cannot is held to its bound. */
  readonly #schedule = (): void => {
    const dirty = this.#dirty
    this.#dirty = []
    for (const topic of dirty) {
      topic.isDirty = false
      for (const { subscribers } of topic.windows) {
        // From behind: an overflowing subscriber leaves, and the last one takes its place.
        for (let i = subscribers.length - 1; i >= 0; i--) {
          const subscription = subscribers[i]!
          const { connection, pace } = subscription
          if (!connection.isBlocked) connection.flushLater()
          else if (pace !== null) this.#overflow.check(subscription, pace)
          else this.#boundLag(connection)
        }
      }
    }
  }

  /** A subscriber that lags further than its buffer may be long is closed with 1013, never skipped in silence. */
  #boundLag(connection: HeldConnection): void {
    const waiting = connection.bufferedBytes + this.lagBytes(connection)
    if (waiting <= connection.limits.bufferedBytes) return
    this.counters.disconnected++
    connection.fail('ERR_SLOW_CONSUMER')
  }

  #block(subscription: Subscription): void {
    const { topic, connection } = subscription
    const pace = subscription.pace!
    this.counters.blocks++
    pace.isBlocking = true
    this.#publisher.hold.hold(topic.name)
    pace.cancelTimer = this.#clock.setTimer(topic.settings.blockMs, () => {
      pace.cancelTimer = null
      this.counters.disconnected++
      connection.fail('ERR_SLOW_CONSUMER')
    })
  }

  #unblock({ topic, pace }: Subscription): void {
    pace!.isBlocking = false
    pace!.cancelTimer?.()
    pace!.cancelTimer = null
    this.#publisher.hold.release(topic.name)
  }
}

/** Others have filled the buffer: next time these come before them. */
function letGoFirst(
  connection: HeldConnection,
  mine: Subscriptions,
  deferred: ReadonlySet<Subscription>,
): void {
  connection.flushLater()
  for (const [name, subscription] of Array.from(mine)) {
    if (deferred.has(subscription)) continue
    mine.delete(name)
    mine.set(name, subscription)
  }
}

function nothing(): void {}

function awayGap(topic: string): Gap {
  return { topic, from: null, to: null, count: null, reason: 'broker' }
}
