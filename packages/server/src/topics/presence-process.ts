// What this process knows of who is present in another one. Its changes have numbers: whoever misses one asks for all
// of its entries, and takes them instead.

import type { PresenceMessage, WireEntry } from './presence-message.ts'
import type { PresenceEntry, PresenceTable } from './presence-table.ts'

type Change = PresenceMessage & { readonly kind: 'change' }
type Full = PresenceMessage & { readonly kind: 'full' }

/** Pieces of one telling of all entries. */
interface Parts {
  readonly sequence: number
  readonly count: number
  readonly received: Map<number, readonly WireEntry[]>
}

export class PresenceProcess {
  readonly name: string
  /** When it last said something, on the clock of whoever keeps this. */
  heardAtMs = 0
  /** When it was asked for all it has. */
  askedAtMs: number = -Infinity
  readonly #table: PresenceTable
  readonly #mostEntries: number
  readonly #entries = new Map<number, PresenceEntry>()
  /** Number of the last change that is known here. */
  #sequence = 0
  #parts: Parts | null = null

  constructor(name: string, table: PresenceTable, mostEntries: number) {
    this.name = name
    this.#table = table
    this.#mostEntries = mostEntries
  }

  /** Whether it has said something up to this change that did not come here. */
  misses(sequence: number): boolean {
    return sequence > this.#sequence
  }

  change({ sequence, set, cleared }: Change): void {
    // Known already, or not the next one: then `misses` says so.
    if (sequence !== this.#sequence + 1) return
    this.#sequence = sequence
    for (const key of cleared) this.#clear(key)
    for (const entry of set) this.#set(entry)
  }

  full({ sequence, part, parts, set }: Full): void {
    if (!this.misses(sequence)) return
    let gathered = this.#parts
    if (gathered !== null && gathered.sequence > sequence) return
    if (gathered === null || gathered.sequence < sequence || gathered.count !== parts) {
      gathered = { sequence, count: parts, received: new Map() }
      this.#parts = gathered
    }
    gathered.received.set(part, set)
    if (gathered.received.size < parts) return
    this.#parts = null
    this.#sequence = sequence
    const all = [...gathered.received.values()].flat()
    const kept = new Set(all.map(([key]) => key))
    for (const key of this.#entries.keys()) if (!kept.has(key)) this.#clear(key)
    for (const entry of all) this.#set(entry)
  }

  /** Nobody is present there any more. */
  dropAll(): void {
    for (const entry of this.#entries.values()) this.#table.remove(entry)
    this.#entries.clear()
    this.#parts = null
  }

  #set([key, topic, member, identity, stateJson, stamp]: WireEntry): void {
    const before = this.#entries.get(key) ?? null
    if (before === null && this.#entries.size >= this.#mostEntries) return
    if (before !== null && before.stamp === stamp) return
    const entry = { topic, member, identity, stateJson, stamp, process: this.name }
    const isSame = before !== null && before.topic === topic && before.member === member
    if (before !== null && !isSame) this.#table.remove(before)
    this.#entries.set(key, entry)
    this.#table.put(entry, isSame ? before : null)
  }

  #clear(key: number): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#table.remove(entry)
  }
}
