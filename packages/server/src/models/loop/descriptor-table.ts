// Numbers for descriptors that are not the kernel's.

/** Small numbers for descriptors, the lowest free one first, as the kernel gives them. */
export class DescriptorTable<D> {
  readonly #entries: (D | undefined)[]
  #lowestFree: number

  /** Numbers below `first` are never given. */
  constructor(first = 3) {
    this.#entries = Array.from({ length: first }, () => undefined)
    this.#lowestFree = first
  }

  add(make: (fd: number) => D): D {
    let fd = this.#lowestFree
    while (this.#entries[fd] !== undefined) fd++
    const entry = make(fd)
    this.#entries[fd] = entry
    this.#lowestFree = fd + 1
    return entry
  }

  get(fd: number): D {
    return this.#entries[fd]!
  }

  delete(fd: number): void {
    if (this.#entries[fd] === undefined) return
    this.#entries[fd] = undefined
    this.#lowestFree = Math.min(this.#lowestFree, fd)
  }

  *[Symbol.iterator](): IterableIterator<D> {
    for (const entry of this.#entries) if (entry !== undefined) yield entry
  }
}
