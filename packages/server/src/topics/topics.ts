// The topics of one process: who is subscribed, and what each connection has still to be sent. Publications come
// from the broker; at the end of the turn each subscriber is sent what it has not had, in one slice.

import type { Clock } from '../connection/clock.ts'
import type { HeldConnection } from '../connection/held-connection.ts'
import type { Piece } from '../connection/slab.ts'
import type {
  Cursor,
  HistoryOptions,
  HistoryPage,
  PublishOptions,
  Subscribed,
  SubscribeOptions,
  TopicHub,
} from '../connection/topic-hub.ts'
import type { Turn } from '../connection/turn.ts'
import { HoldlineError } from '../protocol/errors.ts'
import type { Broker, BrokerSink, Publication, PublishedMessage } from './broker.ts'
import { TopicLog } from './topic-log.ts'
import type { Presence } from './presence.ts'
import { checkTopicName, isOwnTopic } from './topic-name.ts'
import { TopicSettingsTable } from './topic-settings.ts'

/** Hears the publications of a topic in this process; without history `publication` is null. Bytes are borrowed until it returns. */
export type TopicListener = (message: PublishedMessage, publication: Publication | null) => void

export interface TopicsPlace {
  readonly turn: Turn
  readonly clock: Clock
  readonly settings?: TopicSettingsTable
  /** What nobody awaited has failed: the operator is told. */
  readonly warn?: (error: unknown) => void
}

interface Topic {
  readonly name: string
  readonly log: TopicLog
  readonly subscribers: Subscription[]
  readonly listeners: Set<TopicListener>
  isDirty: boolean
}

/** A subscriber: a cursor into the log. */
interface Subscription {
  readonly topic: Topic
  readonly connection: HeldConnection
  /** Position in the log up to which the connection has been sent. */
  position: number
  /** Place in `topic.subscribers`. */
  index: number
}

type Subscriptions = Map<string, Subscription>

export class Topics implements TopicHub, BrokerSink {
  readonly #turn: Turn
  readonly #topics = new Map<string, Topic>()
  #dirty: Topic[] = []

  readonly settings: TopicSettingsTable
  /** Set before the start, where there is presence. */
  presence: Presence | undefined = undefined
  #broker: Broker | null = null
  #isRefusing = false
  #lastDone: Promise<void> = Promise.resolve()
  #lastNull: Promise<null> = Promise.resolve(null)
  readonly #warn: ((error: unknown) => void) | undefined

  constructor({ turn, settings = new TopicSettingsTable(), warn }: TopicsPlace) {
    this.#turn = turn
    this.#warn = warn
    this.settings = settings
  }

  /** Resolves when publications pass. Rejects with ERR_BROKER_START. */
  async start(broker: Broker): Promise<void> {
    this.#broker = broker
    await broker.start(this)
  }

  /** From now on publications are refused. */
  refuse(): void {
    this.#isRefusing = true
  }

  /** From now on publications are refused; resolves when what was published has been handed over. */
  async stop(): Promise<void> {
    const broker = this.#broker
    this.#broker = null
    await broker?.stop()
  }

  /** Topics with a subscriber or a listener here. */
  get topicCount(): number {
    let count = 0
    for (const name of this.#topics.keys()) if (!isOwnTopic(name)) count++
    return count
  }

  /** Subscriptions of connections held here. */
  get subscriptionCount(): number {
    let count = 0
    for (const topic of this.#topics.values()) count += topic.subscribers.length
    return count
  }

  subscribe(
    connection: HeldConnection,
    name: string,
    _options?: SubscribeOptions,
  ): Promise<Subscribed> {
    checkTopicName(name)
    const subscribed = { topic: name, cursor: null, recovered: false, reason: null }
    const mine = (connection.subscriptions ??= new Map()) as Subscriptions
    if (mine.has(name)) return Promise.resolve(subscribed)
    const topic = this.#topic(name)
    const index = topic.subscribers.length
    const subscription = { topic, connection, position: topic.log.head, index }
    topic.subscribers.push(subscription)
    mine.set(name, subscription)
    return Promise.resolve(subscribed)
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

  take(connection: HeldConnection, pieces: Piece[]): number {
    let bytes = 0
    for (const subscription of (connection.subscriptions as Subscriptions).values()) {
      const { log } = subscription.topic
      if (subscription.position === log.head) continue
      bytes += log.slice(subscription.position, pieces)
      subscription.position = log.head
    }
    return bytes
  }

  lagBytes(connection: HeldConnection): number {
    const mine = connection.subscriptions as Subscriptions | null
    if (mine === null) return 0
    let bytes = 0
    for (const { topic, position } of mine.values()) bytes += topic.log.head - position
    return bytes
  }

  /** Calls `listener` for every publication of the topic; returns how to stop that. */
  listen(name: string, listener: TopicListener): () => void {
    checkTopicName(name)
    const topic = this.#topic(name)
    topic.listeners.add(listener)
    return () => {
      topic.listeners.delete(listener)
      this.#dropIfUnused(topic)
    }
  }

  publish(
    name: string,
    message: PublishedMessage,
    options?: PublishOptions,
  ): Promise<Cursor | null> {
    checkTopicName(name)
    const broker = this.#isRefusing ? null : this.#broker
    if (broker === null) {
      return this.#told(
        Promise.reject(new HoldlineError('ERR_SERVER_CLOSED', `a publication on ${name}`)),
      )
    }
    const { retention } = this.settings.of(name)
    if (retention !== null) {
      const { key = null, idempotencyKey = null } = options ?? {}
      return this.#told(broker.append(name, message, { key, idempotencyKey, retention }))
    }
    const done = broker.publish(name, message)
    if (done === this.#lastDone) return this.#lastNull
    // Brokers give one promise for all that is handed over together.
    this.#lastDone = done
    this.#lastNull = this.#told(done.then(nothing))
    return this.#lastNull
  }

  /** Who does not wait for the promise must not lose the process to it; the operator is told instead. */
  #told<T>(done: Promise<T>): Promise<T> {
    done.catch((error: unknown) => this.#warn?.(error))
    return done
  }

  async history(name: string, options: HistoryOptions = {}): Promise<HistoryPage> {
    checkTopicName(name)
    const broker = this.#broker
    if (broker === null) throw new HoldlineError('ERR_SERVER_CLOSED', `the history of ${name}`)
    const { retention } = this.settings.of(name)
    if (retention === null) throw new HoldlineError('ERR_TOPIC_UNKNOWN', name)
    const { after = 'start', limit = 100 } = options
    const page = { count: limit, bytes: 1_048_576 }
    const result = await broker.read(name, after, page, retention)
    const read =
      result.lost === null ? result : await broker.read(name, result.start, page, retention)
    if (read.lost !== null) throw new HoldlineError('ERR_BROKER_AWAY', name)
    const { publications, head } = read
    const offset = publications.at(-1)?.offset ?? head.offset
    return { publications, head, cursor: { epoch: head.epoch, offset }, lost: result.lost }
  }

  appended(name: string, _epoch: string, publication: Publication): void {
    const topic = this.#topics.get(name)
    if (topic === undefined) return
    if (topic.subscribers.length > 0) this.#append(topic, publication.message)
    for (const listener of topic.listeners) listener(publication.message, publication)
  }

  interrupted(): void {}

  restored(): void {
    // Who came and went meanwhile was not heard.
    this.presence?.start()
  }

  processGone(processName: string): void {
    this.presence?.processGone(processName)
  }

  /** A publication has come from the broker. */
  deliver(name: string, message: PublishedMessage): void {
    const topic = this.#topics.get(name)
    if (topic === undefined) return
    if (topic.subscribers.length > 0) this.#append(topic, message)
    for (const listener of topic.listeners) listener(message, null)
  }

  #append(topic: Topic, message: PublishedMessage): void {
    topic.log.append(message)
    if (topic.isDirty) return
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
      // From behind: an overflowing subscriber leaves, and the last one takes its place.
      for (let i = topic.subscribers.length - 1; i >= 0; i--) {
        const { connection } = topic.subscribers[i]!
        if (!connection.isBlocked) connection.flushLater()
        else this.#boundLag(connection)
      }
    }
  }

  /** A subscriber that lags further than its buffer may be long is closed with 1013, never skipped in silence. */
  #boundLag(connection: HeldConnection): void {
    const waiting = connection.bufferedBytes + this.lagBytes(connection)
    if (waiting > connection.limits.bufferedBytes) connection.fail('ERR_SLOW_CONSUMER')
  }

  #topic(name: string): Topic {
    const known = this.#topics.get(name)
    if (known !== undefined) return known
    const topic: Topic = {
      name,
      log: new TopicLog(() => neededFrom(topic)),
      subscribers: [],
      listeners: new Set<TopicListener>(),
      isDirty: false,
    }
    this.#topics.set(name, topic)
    return topic
  }

  #remove({ topic, index }: Subscription): void {
    const last = topic.subscribers.pop()!
    if (last.index !== index) {
      last.index = index
      topic.subscribers[index] = last
    }
    this.#dropIfUnused(topic)
  }

  #dropIfUnused(topic: Topic): void {
    if (topic.subscribers.length > 0 || topic.listeners.size > 0) return
    if (this.#topics.get(topic.name) === topic) this.#topics.delete(topic.name)
  }
}

function neededFrom({ log, subscribers }: Topic): number {
  let lowest = log.head
  for (const { position } of subscribers) if (position < lowest) lowest = position
  return lowest
}

function nothing(): null {
  return null
}
