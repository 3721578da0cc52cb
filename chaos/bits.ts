// A set of small whole numbers, a bit for each.

export class Bits {
  #bytes: Uint8Array
  #size = 0

  constructor(bytes: Uint8Array = new Uint8Array(64)) {
    this.#bytes = bytes
    for (let i = 0; i < bytes.length * 8; i++) if (this.has(i)) this.#size++
  }

  static from(base64: string): Bits {
    return new Bits(Buffer.from(base64, 'base64'))
  }

  get size(): number {
    return this.#size
  }

  has(index: number): boolean {
    return ((this.#bytes[index >> 3] ?? 0) & (1 << (index & 7))) !== 0
  }

  /** Whether it was not there. */
  add(index: number): boolean {
    if (this.has(index)) return false
    const at = index >> 3
    if (at >= this.#bytes.length) {
      const longer = new Uint8Array(Math.max(at + 1, this.#bytes.length * 2))
      longer.set(this.#bytes)
      this.#bytes = longer
    }
    this.#bytes[at]! |= 1 << (index & 7)
    this.#size++
    return true
  }

  /** How many of these are not in `other`. */
  without(other: Bits): number {
    let count = 0
    for (let i = 0; i < this.#bytes.length * 8; i++) if (this.has(i) && !other.has(i)) count++
    return count
  }

  toString(): string {
    return Buffer.from(this.#bytes).toString('base64')
  }
}
