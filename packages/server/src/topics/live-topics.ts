// The topics and patterns that somebody in this process is interested in, by name: they are attached at the broker while
// they are, and those with history are kept in order.

import type { Clock } from '../connection/clock.ts'
import type { Gap } from '../connection/topic-hub.ts'
import { HoldlineError } from '../protocol/errors.ts'
import type { Cursor, Publication } from './broker.ts'
import { LiveTopic } from './live-topic.ts'
import type { Publisher } from './publisher.ts'
import { Feed } from './repair.ts'
import { Mode } from './subscription.ts'
import { isOwnTopic, isPattern, TopicPattern } from './topic-name.ts'
import type { TopicSettingsTable } from './topic-settings.ts'

export interface TopicCensus {
  /** With a subscriber or a listener here, Holdline's own left out. */
  readonly topics: number
  readonly subscriptions: number
  /** Subscribers that do not read the window: behind, or catching up. */
  readonly lagging: number
}

export interface LiveTopicsPlace {
  readonly clock: Clock
  readonly settings: TopicSettingsTable
  readonly publisher: Publisher
  readonly warn: ((error: unknown) => void) | undefined
  take(topic: LiveTopic, publication: Publication): void
  takeGap(topic: LiveTopic, gap: Gap): void
}

const RETRY_MS = 1_000
/** Names of which a pattern knows the last offset; beyond it all are forgotten. */
const MAX_SEEN = 10_000

export class LiveTopics {
  readonly #place: LiveTopicsPlace
  readonly #byName = new Map<string, LiveTopic>()
  patterns: readonly LiveTopic[] = []
  #hasBegun = false

  constructor(place: LiveTopicsPlace) {
    this.#place = place
  }

  find(name: string): LiveTopic | undefined {
    return this.#byName.get(name)
  }

  all(): Iterable<LiveTopic> {
    return this.#byName.values()
  }

  get census(): TopicCensus {
    let [topics, subscriptions, lagging] = [0, 0, 0]
    for (const { name, windows } of this.#byName.values()) {
      if (!isOwnTopic(name)) topics++
      for (const { subscribers } of windows) {
        subscriptions += subscribers.length
        for (const { pace } of subscribers) {
          if (pace === null) continue
          if (pace.mode !== Mode.LIVE || pace.isBlocking || pace.held !== null) lagging++
        }
      }
    }
    return { topics, subscriptions, lagging }
  }

  /** @throws HoldlineError ERR_TOPIC_NAME for a pattern that is none */
  of(name: string): LiveTopic {
    const known = this.#byName.get(name)
    if (known !== undefined) return known
    const { settings, publisher } = this.#place
    const pattern = isPattern(name) ? new TopicPattern(name) : null
    if (pattern !== null && publisher.broker?.hasPatterns === false) {
      throw new HoldlineError('ERR_TOPIC_PATTERN', name)
    }
    const topic = new LiveTopic(name, settings.of(name), pattern)
    if (pattern === null && topic.settings.retention !== null) topic.feed = this.#feedOf(topic)
    this.#byName.set(name, topic)
    if (pattern !== null) this.patterns = [...this.patterns, topic]
    return topic
  }

  #feedOf(topic: LiveTopic): Feed {
    const place = this.#place
    const { clock, publisher, warn } = place
    const { name, settings } = topic
    return new Feed({
      clock,
      read: (after) => publisher.read(name, after, settings.retention!),
      next: (_epoch, publication) => place.take(topic, publication),
      lost: (reason, from, to) =>
        place.takeGap(topic, { topic: name, from, to, count: null, reason }),
      failed: (error) => warn?.(error),
    })
  }

  /** The broker has started. */
  begin(): void {
    this.#hasBegun = true
    for (const topic of this.#byName.values()) this.keepAttached(topic)
  }

  end(): void {
    this.#hasBegun = false
    for (const topic of this.#byName.values()) topic.feed?.end()
  }

  /** Resolves when everything that is published on it comes. */
  attach(topic: LiveTopic): Promise<void> {
    topic.attaching ??= this.#attach(topic)
    return topic.attaching
  }

  async #attach(topic: LiveTopic): Promise<void> {
    const { broker } = this.#place.publisher
    try {
      if (broker === null) throw new HoldlineError('ERR_SERVER_CLOSED', topic.name)
      const retention = topic.feed === null ? null : topic.settings.retention
      const head: Cursor | null = await broker.attach(topic.name, retention)
      if (topic.isGone) return
      if (topic.feed !== null) {
        topic.feed.begin(head!)
        for (const window of topic.windows) window.beginAt(topic)
      }
      topic.isAttached = true
    } catch (error) {
      topic.attaching = null
      throw error
    }
  }

  /** Attaches for whoever listens, however often that fails. */
  keepAttached(topic: LiveTopic): void {
    // Before the start nothing can be attached; then all are.
    if (!this.#hasBegun) return
    this.attach(topic).catch((error: unknown) => {
      if (topic.isGone || !this.#hasBegun) return
      this.#place.warn?.(error)
      this.#place.clock.setTimer(RETRY_MS, () => {
        if (!topic.isGone && topic.listeners.size > 0) this.keepAttached(topic)
      })
    })
  }

  dropIfUnused(topic: LiveTopic): void {
    if (topic.isUsed || topic.isGone) return
    topic.isGone = true
    this.#byName.delete(topic.name)
    if (topic.pattern !== null) this.patterns = this.patterns.filter((one) => one !== topic)
    topic.feed?.end()
    if (topic.attaching !== null) this.#place.publisher.broker?.detach(topic.name)
  }

  /** What a pattern has missed of a topic with history: null: nothing; `known`: it has had this publication. */
  gapBefore(
    { seen }: LiveTopic,
    name: string,
    epoch: string,
    { offset, previous }: Publication,
  ): Gap | null | 'known' {
    const last = seen.get(name)
    if (last === undefined && seen.size >= MAX_SEEN) seen.clear()
    if (last?.epoch === epoch && last.offset >= offset) return 'known'
    seen.set(name, { epoch, offset })
    if (last === undefined || (last.epoch === epoch && last.offset === previous)) return null
    const reason = last.epoch === epoch ? 'broker' : 'epoch'
    return { topic: name, from: last, to: { epoch, offset: previous }, count: null, reason }
  }
}
