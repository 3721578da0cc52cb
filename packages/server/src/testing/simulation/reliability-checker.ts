// Judges what publishers and subscribers saw: all that was acknowledged was received, or a gap was told; offsets rise;
// nothing was shown twice. Knows neither servers nor brokers.

import type { Cursor } from '../../topics/broker.ts'

/** What one subscriber saw of one topic, in order. */
type Fact =
  | { readonly kind: 'received'; readonly cursor: Cursor; readonly id: string }
  /** What is behind `from` up to `to` it was not sent, and was told so. */
  | { readonly kind: 'gap'; readonly from: Cursor | null; readonly to: Cursor }

interface Stream {
  readonly start: Cursor
  readonly facts: Fact[]
}

export interface ReliabilityReport {
  readonly acknowledged: number
  readonly received: number
  readonly gaps: number
}

export class ReliabilityChecker {
  /** Acknowledged ids by topic and epoch. */
  readonly #acknowledged = new Map<string, Map<string, Map<number, string>>>()
  #acknowledgedCount = 0
  readonly #streams = new Map<string, { readonly topic: string; readonly stream: Stream }>()

  get acknowledgedCount(): number {
    return this.#acknowledgedCount
  }

  /** A publisher was told that the broker has it. */
  acknowledged(topic: string, id: string, { epoch, offset }: Cursor): void {
    this.#acknowledgedCount++
    let epochs = this.#acknowledged.get(topic)
    if (epochs === undefined) this.#acknowledged.set(topic, (epochs = new Map()))
    let offsets = epochs.get(epoch)
    if (offsets === undefined) epochs.set(epoch, (offsets = new Map()))
    offsets.set(offset, id)
  }

  /** A subscriber has begun behind this cursor, for the first time. */
  subscribed(subscriber: string, topic: string, start: Cursor): void {
    this.#streams.set(`${subscriber} ${topic}`, { topic, stream: { start, facts: [] } })
  }

  received(subscriber: string, topic: string, cursor: Cursor, id: string): void {
    this.#factsOf(subscriber, topic).push({ kind: 'received', cursor, id })
  }

  gap(subscriber: string, topic: string, from: Cursor | null, to: Cursor): void {
    this.#factsOf(subscriber, topic).push({ kind: 'gap', from, to })
  }

  /** @throws Error that names everything that is wrong, up to twenty. */
  check(): ReliabilityReport {
    const wrong: string[] = []
    let received = 0
    let gaps = 0
    for (const [name, { topic, stream }] of this.#streams) {
      const gapCount = stream.facts.filter(({ kind }) => kind === 'gap').length
      gaps += gapCount
      received += stream.facts.length - gapCount
      wrong.push(...this.#judge(topic, stream).map((what) => `${name}: ${what}`))
    }
    if (wrong.length > 0) {
      throw new Error(`${wrong.length} faults:\n${wrong.slice(0, 20).join('\n')}`)
    }
    return { acknowledged: this.#acknowledgedCount, received, gaps }
  }

  #judge(topic: string, { start, facts }: Stream): string[] {
    const wrong: string[] = []
    const shown = new Set<string>()
    let at = start
    for (const fact of facts) {
      if (fact.kind === 'gap') {
        if (fact.to.epoch === at.epoch && fact.to.offset < at.offset) {
          wrong.push(`a gap leads back from ${text(at)} to ${text(fact.to)}`)
        }
        at = fact.to
        continue
      }
      const { cursor, id } = fact
      if (cursor.epoch !== at.epoch) {
        wrong.push(`${id} at ${text(cursor)} came behind ${text(at)} without a word`)
      } else if (cursor.offset <= at.offset) {
        wrong.push(`${id} at ${text(cursor)} came behind ${text(at)}: twice or out of order`)
      } else wrong.push(...this.#missed(topic, at, cursor.offset))
      const known = this.#acknowledged.get(topic)?.get(cursor.epoch)?.get(cursor.offset)
      if (known !== undefined && known !== id) {
        wrong.push(`${text(cursor)} was acknowledged as ${known} and shown as ${id}`)
      }
      const place = `${cursor.epoch} ${id}`
      if (shown.has(place)) wrong.push(`${id} was shown twice in epoch ${cursor.epoch}`)
      shown.add(place)
      at = cursor
    }
    return [...wrong, ...this.#missed(topic, at, Infinity)]
  }

  /** Acknowledged behind a cursor and before an offset, and not shown. */
  #missed(topic: string, { epoch, offset }: Cursor, before: number): string[] {
    const missed: string[] = []
    const offsets = this.#acknowledged.get(topic)?.get(epoch)
    if (offsets === undefined) return missed
    for (const [at, id] of offsets) {
      if (at > offset && at < before) missed.push(`${id} at ${at} was acknowledged and not shown`)
    }
    return missed
  }

  #factsOf(subscriber: string, topic: string): Fact[] {
    const known = this.#streams.get(`${subscriber} ${topic}`)
    if (known === undefined) throw new Error(`${subscriber} has not subscribed to ${topic}`)
    return known.stream.facts
  }
}

function text({ epoch, offset }: Cursor): string {
  return `${epoch}:${offset}`
}
