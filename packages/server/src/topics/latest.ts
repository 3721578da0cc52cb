// The latest publication of each key of a topic, in the order in which they were published: what `conflate` sends to
// those that are behind. Bounded; whoever misses an evicted one is told.

import type { Publication } from './broker.ts'

/** Of the messages and keys of one topic: clients choose both. */
const MAX_BYTES = 67_108_864

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
  readonly #maxBytes: number
  #bytes = 0
  /** A key that comes again goes to the end. */
  readonly #entries = new Map<string | null, LatestEntry>()
  #evicted: Evicted

  /** @param evicted up to where nothing is known */
  constructor(keyCount: number, evicted: Evicted, maxBytes: number = MAX_BYTES) {
    this.#keyCount = keyCount
    this.#maxBytes = maxBytes
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
    const before = this.#entries.get(key)
    if (before !== undefined) this.#drop(before.publication)
    // Of a topic without history the bytes are the broker's.
    const isLent = publication.offset === 0 && typeof message !== 'string'
    const kept = isLent ? { ...publication, message: new Uint8Array(message) } : publication
    this.#entries.set(key, { ordinal, publication: kept })
    this.#bytes += sizeOf(kept)
    while (this.#entries.size > this.#keyCount || this.#bytes > this.#maxBytes) {
      // The newest stays, whatever its length.
      if (this.#entries.size === 1) return
      const oldest = this.#entries.values().next().value!
      this.#drop(oldest.publication)
      this.#evicted = { ordinal: oldest.ordinal, offset: oldest.publication.offset }
    }
  }

  #drop(publication: Publication): void {
    this.#entries.delete(publication.key)
    this.#bytes -= sizeOf(publication)
  }

  /** Those that came behind this ordinal, in order. */
  *since(ordinal: number): Iterable<LatestEntry> {
    for (const entry of this.#entries.values()) if (entry.ordinal > ordinal) yield entry
  }

  /** Everything is lost: the topic began anew. */
  clear(evicted: Evicted): void {
    this.#entries.clear()
    this.#bytes = 0
    this.#evicted = evicted
  }
}

function sizeOf({ key, message }: Publication): number {
  return (key?.length ?? 0) + message.length
}
