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
import { Histories } from '../../topics/histories.ts'
import { History } from '../../topics/history.ts'
import type { HistoryLimits } from '../../topics/history-limits.ts'
import { isPattern, TopicPattern } from '../../topics/topic-name.ts'

export interface KeeperMember {
  /** A publication of a topic that it is attached to, each once, in order. */
  told(topic: KeptTopic, publication: Publication): void
}

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
}

export interface TopicKeeperOptions {
  /** Who is told last: what it does when it is told may append. */
  readonly last?: KeeperMember
  /** Milliseconds since 1970, on a clock that only moves forward. Default: the process's. */
  readonly nowMs?: () => number
  readonly limits?: HistoryLimits
}

export class TopicKeeper {
  readonly #histories: Histories<KeptTopic>
  readonly #patterns = new Map<string, { pattern: TopicPattern; members: Set<KeeperMember> }>()
  readonly #last: KeeperMember | undefined

  constructor({ last, nowMs = processTimeMs, limits }: TopicKeeperOptions = {}) {
    this.#last = last
    const make = (name: string, retention: Retention): KeptTopic => new KeptTopic(name, retention)
    this.#histories = new Histories(limits, make, nowMs)
  }

  /** Topics that are kept. */
  get topicCount(): number {
    return this.#histories.count
  }

  /** @throws HoldlineError ERR_TOPIC_LIMIT */
  append(name: string, message: PublishedMessage, options: AppendOptions): Cursor {
    const topic = this.#topic(name, options.retention)
    const { cursor, publication } = this.#histories.append(topic, message, options)
    if (publication !== null) {
      for (const member of this.#audienceOf(topic)) member.told(topic, publication)
    }
    return cursor
  }

  /**
   * Answers with the head, with null for a pattern.
   *
   * @throws HoldlineError ERR_TOPIC_LIMIT
   */
  attach(member: KeeperMember, name: string, retention: Retention | null): Cursor | null {
    if (retention === null) {
      if (isPattern(name)) this.#attachPattern(member, name)
      return null
    }
    const topic = this.#topic(name, retention)
    if (!topic.members.has(member)) {
      topic.members.add(member)
      topic.audience = null
      this.#histories.hold(topic)
    }
    return topic.history.head
  }

  detach(member: KeeperMember, name: string): void {
    const topic = this.#histories.find(name)
    if (topic !== undefined) this.#leave(topic, member)
    const known = this.#patterns.get(name)
    if (known === undefined || !known.members.delete(member)) return
    if (known.members.size === 0) this.#patterns.delete(name)
    this.#forgetAudiences()
  }

  /** @throws HoldlineError ERR_TOPIC_LIMIT */
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
    return this.#histories.read(this.#topic(name, retention), after, limit, retention)
  }

  /** Tells a member of the last publication again: by its `previous` it sees what it has missed. */
  tellLatest(member: KeeperMember, topic: KeptTopic): void {
    // Begun anew since: what is told of it would be of an epoch that is over.
    if (this.#histories.find(topic.name) !== topic) return
    const { epoch, offset } = topic.history.head
    if (offset === 0) return
    const before = { epoch, offset: offset - 1 }
    const result = this.#histories.read(topic, before, { count: 1, bytes: 1 }, topic.retention)
    const latest = result.lost === null ? result.publications[0] : undefined
    if (latest !== undefined) member.told(topic, latest)
  }

  /** The member is gone: it is told of nothing more. */
  left(member: KeeperMember): void {
    for (const topic of this.#histories.all()) this.#leave(topic, member)
    for (const [name, { members }] of this.#patterns) {
      if (members.delete(member) && members.size === 0) this.#patterns.delete(name)
    }
    this.#forgetAudiences()
  }

  #leave(topic: KeptTopic, member: KeeperMember): void {
    if (!topic.members.delete(member)) return
    topic.audience = null
    if (topic.members.size === 0) this.#histories.release(topic)
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
    const topic = this.#histories.of(name, retention)
    topic.retention = retention
    return topic
  }

  #audienceOf(topic: KeptTopic): readonly KeeperMember[] {
    if (topic.audience !== null) return topic.audience
    const members = new Set(topic.members)
    for (const { pattern, members: those } of this.#patterns.values()) {
      if (pattern.matches(topic.name)) for (const member of those) members.add(member)
    }
    if (this.#last !== undefined && members.delete(this.#last)) members.add(this.#last)
    topic.audience = [...members]
    return topic.audience
  }

  #forgetAudiences(): void {
    for (const topic of this.#histories.all()) topic.audience = null
  }
}

function processTimeMs(): number {
  return Math.floor(performance.timeOrigin + performance.now())
}
