// A list whose entries hold its links: whatever waits is taken out of the middle at once, and waiting allocates
// nothing. Knows nothing of queues.

/** What may stand in one list at a time. */
export class Entry {
  list: EntryList<Entry> | null = null
  next: Entry | null = null
  previous: Entry | null = null
}

export class EntryList<E extends Entry> {
  #first: E | null = null
  #last: E | null = null
  #size = 0

  get first(): E | null {
    return this.#first
  }

  get size(): number {
    return this.#size
  }

  push(entry: E): void {
    const last = this.#last
    entry.list = this as unknown as EntryList<Entry>
    entry.previous = last
    if (last === null) this.#first = entry
    else last.next = entry
    this.#last = entry
    this.#size++
  }

  /** Takes out an entry that stands in this list. */
  remove(entry: E): void {
    const next = entry.next as E | null
    const previous = entry.previous as E | null
    if (previous === null) this.#first = next
    else previous.next = next
    if (next === null) this.#last = previous
    else next.previous = previous
    entry.list = null
    entry.next = null
    entry.previous = null
    this.#size--
  }

  /** Takes out the first entry. */
  shift(): E | null {
    const first = this.#first
    if (first !== null) this.remove(first)
    return first
  }
}
