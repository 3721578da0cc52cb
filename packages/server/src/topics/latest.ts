// The latest publication of each key of a topic, in the order in which they were published: what `conflate` sends to
// those that are behind. Bounded; whoever misses an evicted one is told.

import type { Publication } from './broker.ts'

export interface LatestEntry {
  readonly ordinal: number
  readonly publication: Publication
}

export interface Evicted {
  readonly ordinal: number
  readonly offset: number
}

export class LatestByKey {
  readonly #keyCount: number
  /** A key that comes again goes to the end. */
  readonly #entries = new Map<string | null, LatestEntry>()
  #evicted: Evicted

  /** @param evicted up to where nothing is known */
  constructor(keyCount: number, evicted: Evicted) {
    this.#keyCount = keyCount
    this.#evicted = evicted
  }

  /** The last one that was the latest of its key and is gone. Those that are kept came behind it. */
  get evicted(): Evicted {
    return this.#evicted
  }

  get size(): number {
    return this.#entries.size
  }

  set(ordinal: number, publication: Publication): void {
    const { key, message } = publication
    this.#entries.delete(key)
    // Of a topic without history the bytes are the broker's.
    const isLent = publication.offset === 0 && typeof message !== 'string'
    const kept = isLent ? { ...publication, message: new Uint8Array(message) } : publication
    this.#entries.set(key, { ordinal, publication: kept })
    if (this.#entries.size <= this.#keyCount) return
    const [oldest, entry] = this.#entries.entries().next().value!
    this.#entries.delete(oldest)
    this.#evicted = { ordinal: entry.ordinal, offset: entry.publication.offset }
  }

  /** Those that came behind this ordinal, in order. */
  *since(ordinal: number): Iterable<LatestEntry> {
    for (const entry of this.#entries.values()) if (entry.ordinal > ordinal) yield entry
  }

  /** Everything is lost: the topic began anew. */
  clear(evicted: Evicted): void {
    this.#entries.clear()
    this.#evicted = evicted
  }
}
