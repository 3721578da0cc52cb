// Judges a run by what its publishers and subscribers wrote down. Knows nothing of servers, and believes nobody: what was
// acknowledged must have been shown to every subscriber of its topic, once, in order, or the subscriber was told of a gap.

import { Bits } from './bits.ts'
import type { PublishedTopic, ShownTopic } from './words.ts'

export interface Verdict {
  readonly acknowledged: number
  /** Of those that were handed over: no answer came, though it was tried again. Not a loss, but it is to be known. */
  readonly unacknowledged: number
  readonly shown: number
  /** Acknowledged, not shown to a subscriber that was told of no gap. */
  readonly lost: number
  /** Acknowledged, not shown to a subscriber that was told of a gap. */
  readonly told: number
  readonly duplicates: number
  readonly disorders: number
  readonly gaps: number
  /** Topics that somebody subscribed to and nobody published to, or the other way round: the run tested nothing there. */
  readonly idleTopics: number
}

export function judge(published: readonly PublishedTopic[], shown: readonly ShownTopic[]): Verdict {
  const topics = new Map(
    published.map((topic) => [topic.topic, { ...topic, bits: Bits.from(topic.acknowledged) }]),
  )
  const heard = new Set<string>()
  const sums = { shown: 0, lost: 0, told: 0, duplicates: 0, disorders: 0, gaps: 0 }
  for (const one of shown) {
    const bits = Bits.from(one.shown)
    heard.add(one.topic)
    sums.shown += bits.size
    sums.duplicates += one.duplicates
    sums.disorders += one.disorders
    sums.gaps += one.gaps
    const missing = topics.get(one.topic)?.bits.without(bits) ?? 0
    if (one.gaps > 0) sums.told += missing
    else sums.lost += missing
  }
  let acknowledged = 0
  let count = 0
  let idleTopics = [...heard].filter((topic) => !topics.has(topic)).length
  for (const [name, topic] of topics) {
    acknowledged += topic.bits.size
    count += topic.count
    if (topic.bits.size === 0 || !heard.has(name)) idleTopics++
  }
  return { ...sums, acknowledged, unacknowledged: count - acknowledged, idleTopics }
}

/** The value below which so many percent of the values lie. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0
}
