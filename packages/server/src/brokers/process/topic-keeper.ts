// Keeps the histories of a machine in one process, and tells its members of what is appended. Knows neither frames nor
// processes.

import type {
  AppendOptions,
  Cursor,
  Publication,
  PublishedMessage,
  ReadLimit,
  ReadResult,
  Retention,
} from '../../topics/broker.ts'
import { History } from '../../topics/history.ts'
import { isPattern, TopicPattern } from '../../topics/topic-name.ts'

export interface KeeperMember {
  /** A publication of a topic that it is attached to, each once, in order. */
  told(topic: KeptTopic, publication: Publication): void
}

/** So many topics are kept before any is forgotten. */
const SWEEP_FROM = 10_000
/** Of one page, whatever is asked for: it has to fit into a frame. */
const MOST_OF_PAGE: ReadLimit = { count: 10_000, bytes: 33_554_432 }

export class KeptTopic {
  readonly name: string
  readonly history: History
  /** As the last one said who appended or asked. */
  retention: Retention
  /** Those that are attached to it, by its name and not by a pattern. */
  readonly members: Set<KeeperMember> = new Set()
  /** All that are told of it; null: not known. */
  audience: readonly KeeperMember[] | null = null

  constructor(name: string, retention: Retention) {
    this.name = name
    this.retention = retention
    this.history = new History(retention)
  }

  /** The last publication; null: there was none. */
  latest(nowMs: number): Publication | null {
    const { epoch, offset } = this.history.head
    if (offset === 0) return null
    const after = { epoch, offset: offset - 1 }
    const result = this.history.read(after, { count: 1, bytes: 1 }, this.retention, nowMs)
    return result.lost === null ? (result.publications[0] ?? null) : null
  }
}

export class TopicKeeper {
  readonly #nowMs: () => number
  readonly #topics = new Map<string, KeptTopic>()
  readonly #patterns = new Map<string, { pattern: TopicPattern; members: Set<KeeperMember> }>()
  /** Who is told last: what it does when it is told may append. */
  readonly #last: KeeperMember | null
  #sweepAt = SWEEP_FROM

  /** @param nowMs milliseconds since 1970, on a clock that only moves forward */
  constructor(last: KeeperMember | null = null, nowMs: () => number = processTimeMs) {
    this.#last = last
    this.#nowMs = nowMs
  }

  /** Topics that are kept. */
  get topicCount(): number {
    return this.#topics.size
  }

  append(name: string, message: PublishedMessage, options: AppendOptions): Cursor {
    const topic = this.#topic(name, options.retention)
    const { cursor, publication } = topic.history.append(message, options, this.#nowMs())
    if (publication !== null) {
      for (const member of this.#audienceOf(topic)) member.told(topic, publication)
    }
    return cursor
  }

  /** Answers with the head, with null for a pattern. */
  attach(member: KeeperMember, name: string, retention: Retention | null): Cursor | null {
    if (retention === null) {
      if (isPattern(name)) this.#attachPattern(member, name)
      return null
    }
    const topic = this.#topic(name, retention)
    if (!topic.members.has(member)) {
      topic.members.add(member)
      topic.audience = null
    }
    return topic.history.head
  }

  detach(member: KeeperMember, name: string): void {
    const topic = this.#topics.get(name)
    if (topic?.members.delete(member) === true) topic.audience = null
    const known = this.#patterns.get(name)
    if (known === undefined || !known.members.delete(member)) return
    if (known.members.size === 0) this.#patterns.delete(name)
    this.#forgetAudiences()
  }

  read(
    name: string,
    after: Cursor | 'start',
    { count, bytes }: ReadLimit,
    retention: Retention,
  ): ReadResult {
    const limit = {
      count: Math.min(count, MOST_OF_PAGE.count),
      bytes: Math.min(bytes, MOST_OF_PAGE.bytes),
    }
    return this.#topic(name, retention).history.read(after, limit, retention, this.#nowMs())
  }

  /** Tells a member of the last publication again: by its `previous` it sees what it has missed. */
  tellLatest(member: KeeperMember, topic: KeptTopic): void {
    const publication = topic.latest(this.#nowMs())
    if (publication !== null) member.told(topic, publication)
  }

  /** The member is gone: it is told of nothing more. */
  left(member: KeeperMember): void {
    for (const topic of this.#topics.values()) topic.members.delete(member)
    for (const [name, { members }] of this.#patterns) {
      if (members.delete(member) && members.size === 0) this.#patterns.delete(name)
    }
    this.#forgetAudiences()
  }

  #attachPattern(member: KeeperMember, name: string): void {
    let known = this.#patterns.get(name)
    if (known === undefined) {
      known = { pattern: new TopicPattern(name), members: new Set() }
      this.#patterns.set(name, known)
    }
    if (known.members.has(member)) return
    known.members.add(member)
    this.#forgetAudiences()
  }

  #topic(name: string, retention: Retention): KeptTopic {
    const known = this.#topics.get(name)
    if (known !== undefined) {
      known.retention = retention
      return known
    }
    if (this.#topics.size >= this.#sweepAt) this.#sweep()
    const topic = new KeptTopic(name, retention)
    this.#topics.set(name, topic)
    return topic
  }

  #audienceOf(topic: KeptTopic): readonly KeeperMember[] {
    if (topic.audience !== null) return topic.audience
    const members = new Set(topic.members)
    for (const { pattern, members: those } of this.#patterns.values()) {
      if (pattern.matches(topic.name)) for (const member of those) members.add(member)
    }
    if (this.#last !== null && members.delete(this.#last)) members.add(this.#last)
    topic.audience = [...members]
    return topic.audience
  }

  #forgetAudiences(): void {
    for (const topic of this.#topics.values()) topic.audience = null
  }

  /** Forgets topics that nobody is attached to and that keep nothing young enough: names may be without end. */
  #sweep(): void {
    const nowMs = this.#nowMs()
    for (const [name, { history, members }] of this.#topics) {
      if (members.size === 0 && history.isStale(nowMs)) this.#topics.delete(name)
    }
    // At twice of what is left, so that it costs O(1) for each new topic.
    this.#sweepAt = Math.max(SWEEP_FROM, 2 * this.#topics.size)
  }
}

function processTimeMs(): number {
  return Math.floor(performance.timeOrigin + performance.now())
}
