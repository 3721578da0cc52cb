// The topics of one process: who is subscribed, and what each connection has still to be sent. Publications come
// from the broker; at the end of the turn each subscriber is sent what it has not had, in one slice.

import type { HeldConnection } from '../connection/held-connection.ts'
import type { Piece } from '../connection/slab.ts'
import type { TopicHub } from '../connection/topic-hub.ts'
import type { Turn } from '../connection/turn.ts'
import { HoldlineError } from '../protocol/errors.ts'
import type { PublishedMessage } from './broker.ts'
import { TopicLog } from './topic-log.ts'

/** Hears the publications of a topic in this process. Bytes are borrowed until it returns. */
export type TopicListener = (message: PublishedMessage) => void

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

export class Topics implements TopicHub {
  readonly #turn: Turn
  readonly #topics = new Map<string, Topic>()
  #dirty: Topic[] = []

  constructor(turn: Turn) {
    this.#turn = turn
  }

  /** Topics with a subscriber or a listener here. */
  get topicCount(): number {
    return this.#topics.size
  }

  /** Subscriptions of connections held here. */
  get subscriptionCount(): number {
    let count = 0
    for (const topic of this.#topics.values()) count += topic.subscribers.length
    return count
  }

  subscribe(connection: HeldConnection, name: string): void {
    checkTopicName(name)
    const mine = (connection.subscriptions ??= new Map()) as Subscriptions
    if (mine.has(name)) return
    const topic = this.#topic(name)
    const index = topic.subscribers.length
    const subscription = { topic, connection, position: topic.log.head, index }
    topic.subscribers.push(subscription)
    mine.set(name, subscription)
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

  /** A publication has come from the broker. */
  readonly deliver = (name: string, message: PublishedMessage): void => {
    const topic = this.#topics.get(name)
    if (topic === undefined) return
    if (topic.subscribers.length > 0) this.#append(topic, message)
    for (const listener of topic.listeners) listener(message)
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

/** @throws HoldlineError ERR_TOPIC_NAME */
export function checkTopicName(name: unknown): asserts name is string {
  const isFine = typeof name === 'string' && name !== '' && Buffer.byteLength(name) <= 255
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (!isFine || /[\u0000-\u001f\u007f]/.test(name)) {
    throw new HoldlineError('ERR_TOPIC_NAME', JSON.stringify(name)?.slice(0, 80))
  }
}
