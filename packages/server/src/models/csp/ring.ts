// A queue in a ring of slots, a power of two of them, that doubles until it is as long as it ever was. Knows nothing of
// who puts in and takes out.

export class Ring<T> {
  #slots: (T | undefined)[] = [undefined, undefined, undefined, undefined]
  #mask = 3
  #head = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  push(value: T): void {
    if (this.#length > this.#mask) this.#grow()
    this.#slots[(this.#head + this.#length++) & this.#mask] = value
  }

  /** The oldest value. There must be one. */
  shift(): T {
    const head = this.#head
    const value = this.#slots[head] as T
    // What was taken must not be kept alive from here.
    this.#slots[head] = undefined
    this.#head = (head + 1) & this.#mask
    this.#length--
    return value
  }

  #grow(): void {
    const before = this.#slots
    const slots: (T | undefined)[] = []
    for (let i = 0; i < before.length; i++) slots.push(before[(this.#head + i) & this.#mask])
    for (let i = 0; i < before.length; i++) slots.push(undefined)
    this.#slots = slots
    this.#mask = slots.length - 1
    this.#head = 0
  }
}
