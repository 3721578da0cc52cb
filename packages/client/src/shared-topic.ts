// One subscription for all components that use a topic of a line, and what they see of it. Knows no React.

import { ClientError } from './errors.ts'
import type { RefusedError } from './errors.ts'
import type { LiveLine } from './live-line.ts'
import type {
  Cursor,
  Gap,
  Member,
  MessageOf,
  Overflow,
  SubscribeOptions,
  Subscription,
  SubscriptionState,
  TopicMessage,
  TopicName,
} from './topic-words.ts'

/** What components see; a new object at each change. */
export interface TopicSnapshot<Data> {
  /** The last ones, oldest first. */
  readonly messages: readonly TopicMessage<Data>[]
  readonly state: SubscriptionState
  /** The last one told; null: none is missing so far. */
  readonly gap: Gap | null
  readonly members: readonly Member[]
  readonly error: RefusedError | ClientError | null
}

export interface SharedTopicOptions {
  readonly since?: Cursor | 'start'
  readonly overflow?: Overflow
  /** Follow who is present. */
  readonly presence?: boolean
  /** How many messages are kept to be seen. Default 100. */
  readonly limit?: number
}

const nothing: TopicSnapshot<never> = {
  messages: [],
  state: 'subscribing',
  gap: null,
  members: [],
  error: null,
}

export class SharedTopic<Data> {
  readonly #begin: (options: SubscribeOptions<Data>) => Subscription<Data>
  readonly #whenIdle: () => void
  readonly #watchers = new Map<() => void, SharedTopicOptions>()
  #snapshot: TopicSnapshot<Data> = nothing
  #subscription: Subscription<Data> | undefined
  #hasPresence = false
  #limit = 100
  #isDue = false

  constructor(
    begin: (options: SubscribeOptions<Data>) => Subscription<Data>,
    whenIdle: () => void,
  ) {
    this.#begin = begin
    this.#whenIdle = whenIdle
  }

  readonly snapshot = (): TopicSnapshot<Data> => this.#snapshot

  /** Calls `listener` at each change; the subscription is there as long as somebody watches. */
  watch(listener: () => void, options: SharedTopicOptions): () => void {
    const own = (): void => listener()
    this.#watchers.set(own, options)
    this.#adjustSoon()
    return () => {
      this.#watchers.delete(own)
      this.#adjustSoon()
    }
  }

  /** Components come and go together: what they want is looked at once, behind all of them. */
  #adjustSoon(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      if (this.#watchers.size > 0) this.#adjust()
      else this.#rest()
    })
  }

  #adjust(): void {
    const wanted = [...this.#watchers.values()]
    const presence = wanted.some((options) => options.presence)
    this.#limit = Math.max(...wanted.map(({ limit = 100 }) => limit))
    const before = this.#subscription
    const isEnded = before === undefined || before.state === 'ended'
    if (!isEnded && (this.#hasPresence || !presence)) return
    this.#subscription = undefined
    before?.end()
    this.#hasPresence = presence
    const since = before?.cursor ?? wanted[0]?.since
    const overflow = wanted[0]?.overflow
    try {
      this.#subscription = this.#begin({
        presence,
        ...(since !== undefined && { since }),
        ...(overflow !== undefined && { overflow }),
        onMessage: (message) =>
          this.#show({ messages: lastOf([...this.#snapshot.messages, message], this.#limit) }),
        onGap: (gap) => this.#show({ gap }),
        onPresence: (members) => this.#show({ members: [...members.values()] }),
        onState: (state, subscription) => {
          if (subscription === this.#subscription) this.#show({ state, error: subscription.error })
        },
      })
      this.#show({ state: this.#subscription.state, error: this.#subscription.error })
    } catch (error) {
      this.#show({ state: 'ended', error: ClientError.of(error, 'ERR_LINE_CLOSED') })
    }
  }

  #rest(): void {
    this.#subscription?.end()
    this.#subscription = undefined
    this.#snapshot = nothing
    this.#whenIdle()
  }

  #show(change: Partial<TopicSnapshot<Data>>): void {
    this.#snapshot = { ...this.#snapshot, ...change }
    for (const listener of this.#watchers.keys()) listener()
  }
}

export function lastOf<One>(list: readonly One[], count: number): readonly One[] {
  return list.slice(Math.max(0, list.length - count))
}

const topicsOf = new WeakMap<object, Map<string, unknown>>()

/** The one that all components share. */
export function sharedTopic<Publishes, Receives, Name extends TopicName<Receives>>(
  line: LiveLine<Publishes, Receives>,
  topic: Name,
): SharedTopic<MessageOf<Receives, Name>> {
  const topics = topicsOf.get(line) ?? new Map<string, unknown>()
  topicsOf.set(line, topics)
  const shared =
    (topics.get(topic) as SharedTopic<MessageOf<Receives, Name>> | undefined) ??
    new SharedTopic<MessageOf<Receives, Name>>(
      (options) => line.subscribe(topic, options),
      () => topics.delete(topic),
    )
  topics.set(topic, shared)
  return shared
}
