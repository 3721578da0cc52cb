// The connections of a route, in an array in which each knows its place: a Set takes three times the memory.

/** What can stand in a list. */
export interface Listed {
  /** Place in the list; belongs to it. -1 for none. */
  listIndex: number
}

export class ConnectionList<T extends Listed> {
  readonly #items: T[] = []

  get size(): number {
    return this.#items.length
  }

  add(item: T): void {
    if (item.listIndex >= 0) return
    item.listIndex = this.#items.length
    this.#items.push(item)
  }

  delete(item: T): void {
    const index = item.listIndex
    if (index < 0) return
    item.listIndex = -1
    const last = this.#items.pop()!
    if (last === item) return
    last.listIndex = index
    this.#items[index] = last
  }

  /** Those of now: the list may change meanwhile. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#items.slice().values()
  }
}
