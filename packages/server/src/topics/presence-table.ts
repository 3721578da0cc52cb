// Who is present, as this process knows it: topics, their members, and the entries that hold a member there. What a
// turn changes is told to the watchers at its end, as one difference for each topic. Knows nothing of other processes.
//
// Rule 1: a member is present while at least one entry holds it. Of several the one with the latest stamp shows, in
//         all processes the same one.
// Rule 2: what `members` gives is what the watchers have been told: their differences begin there.

import type {
  PresenceDifference,
  PresenceListener,
  PresentMember,
} from '../connection/presence-hub.ts'

/** What holds a member on a topic. Never changed: another state is another entry. */
export interface PresenceEntry {
  readonly topic: string
  readonly member: string
  readonly identity: string | null
  readonly stateJson: string
  readonly stamp: number
  /** Decides between entries of one stamp. */
  readonly process: string
}

interface Member {
  readonly name: string
  /** Those that hold it, in no order. */
  readonly entries: PresenceEntry[]
  /** What the watchers know; null: nothing. */
  shown: PresenceEntry | null
  isDirty: boolean
}

interface Topic {
  readonly name: string
  readonly members: Map<string, Member>
  readonly watchers: Set<PresenceListener>
  dirty: Member[]
}

export class PresenceTable {
  readonly #topics = new Map<string, Topic>()
  #dirty: Topic[] = []
  readonly #atTurnEnd: (f: () => void) => void
  readonly #failed: (error: unknown) => void

  /** `failed` is told of what a listener throws; the others are told all the same. */
  constructor(atTurnEnd: (f: () => void) => void, failed: (error: unknown) => void) {
    this.#atTurnEnd = atTurnEnd
    this.#failed = failed
  }

  /** Topics with somebody present, or watched. */
  get topicCount(): number {
    return this.#topics.size
  }

  /** Puts an entry in the place of another one of the same member and topic, where there is one. */
  put(entry: PresenceEntry, before: PresenceEntry | null): void {
    const topic = this.#topic(entry.topic)
    let member = topic.members.get(entry.member)
    if (member === undefined) {
      member = { name: entry.member, entries: [], shown: null, isDirty: false }
      topic.members.set(entry.member, member)
    }
    if (before !== null) take(member.entries, before)
    member.entries.push(entry)
    this.#changed(topic, member)
  }

  remove(entry: PresenceEntry): void {
    const topic = this.#topics.get(entry.topic)
    const member = topic?.members.get(entry.member)
    if (topic === undefined || member === undefined) return
    take(member.entries, entry)
    this.#changed(topic, member)
  }

  members(name: string): PresentMember[] {
    const members: PresentMember[] = []
    for (const { shown } of this.#topics.get(name)?.members.values() ?? []) {
      if (shown !== null) members.push(presentMember(shown))
    }
    return members
  }

  watch(name: string, listener: PresenceListener): () => void {
    const topic = this.#topic(name)
    // Another function for each call: one listener may watch twice.
    const watcher: PresenceListener = (difference) => listener(difference)
    topic.watchers.add(watcher)
    return () => {
      topic.watchers.delete(watcher)
      this.#dropIfUnused(topic)
    }
  }

  #topic(name: string): Topic {
    let topic = this.#topics.get(name)
    if (topic === undefined) {
      topic = { name, members: new Map(), watchers: new Set(), dirty: [] }
      this.#topics.set(name, topic)
    }
    return topic
  }

  #changed(topic: Topic, member: Member): void {
    if (member.isDirty) return
    member.isDirty = true
    topic.dirty.push(member)
    if (topic.dirty.length > 1) return
    this.#dirty.push(topic)
    if (this.#dirty.length === 1) this.#atTurnEnd(this.#tell)
  }

  readonly #tell = (): void => {
    const dirty = this.#dirty
    this.#dirty = []
    for (const topic of dirty) {
      const difference = differenceOf(topic)
      this.#dropIfUnused(topic)
      if (difference === null) continue
      for (const watcher of topic.watchers) {
        try {
          watcher(difference)
        } catch (error) {
          this.#failed(error)
        }
      }
    }
  }

  #dropIfUnused(topic: Topic): void {
    if (topic.members.size > 0 || topic.watchers.size > 0) return
    if (this.#topics.get(topic.name) === topic) this.#topics.delete(topic.name)
  }
}

/** Brings what is shown up to date. null: nobody can tell a difference. */
function differenceOf(topic: Topic): PresenceDifference | null {
  const joined: PresentMember[] = []
  const left: PresentMember[] = []
  const changed: PresentMember[] = []
  const { dirty } = topic
  topic.dirty = []
  for (const member of dirty) {
    member.isDirty = false
    const was = member.shown
    const is = latest(member.entries)
    member.shown = is
    if (is === null) topic.members.delete(member.name)
    if (is === null && was !== null) left.push(presentMember(was))
    else if (is !== null && was === null) joined.push(presentMember(is))
    else if (is !== null && was !== null && !looksLike(is, was)) changed.push(presentMember(is))
  }
  if (joined.length + left.length + changed.length === 0) return null
  return { topic: topic.name, joined, left, changed }
}

function latest(entries: readonly PresenceEntry[]): PresenceEntry | null {
  let found: PresenceEntry | null = null
  for (const entry of entries) if (found === null || isLater(entry, found)) found = entry
  return found
}

/** Two entries of one process never have the same stamp. */
function isLater(one: PresenceEntry, other: PresenceEntry): boolean {
  return one.stamp === other.stamp ? one.process > other.process : one.stamp > other.stamp
}

function looksLike(one: PresenceEntry, other: PresenceEntry): boolean {
  return one.stateJson === other.stateJson && one.identity === other.identity
}

function presentMember({ member, identity, stateJson }: PresenceEntry): PresentMember {
  return { member, identity, state: JSON.parse(stateJson) as unknown }
}

function take(entries: PresenceEntry[], entry: PresenceEntry): void {
  const at = entries.indexOf(entry)
  if (at < 0) return
  const last = entries.pop()!
  if (at < entries.length) entries[at] = last
}
