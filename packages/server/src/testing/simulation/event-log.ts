// What happened in a simulation, in order: the last of it as text, and all of it as a number, so that two runs can be
// compared.

const KEPT = 2_000

export class EventLog {
  #count = 0
  #one = 0xdead_beef
  #other = 0x41c6_ce57
  /** A ring: the oldest is overwritten. */
  readonly #last: string[] = []

  get count(): number {
    return this.#count
  }

  /** 64 bits of all events (cyrb53's mixing), in hexadecimal. */
  get hash(): string {
    const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0')
    return hex(this.#one) + hex(this.#other)
  }

  /** The last events, the oldest first. */
  get last(): readonly string[] {
    const at = this.#count % KEPT
    return this.#count <= KEPT
      ? [...this.#last]
      : [...this.#last.slice(at), ...this.#last.slice(0, at)]
  }

  add(nowMs: number, what: string): void {
    const line = `${nowMs} ${what}`
    this.#last[this.#count++ % KEPT] = line
    for (let i = 0; i < line.length; i++) {
      const unit = line.charCodeAt(i)
      this.#one = Math.imul(this.#one ^ unit, 2_654_435_761)
      this.#other = Math.imul(this.#other ^ unit, 1_597_334_677)
    }
    this.#one = Math.imul(this.#one ^ (this.#other >>> 13), 2_246_822_507)
    this.#other = Math.imul(this.#other ^ (this.#one >>> 16), 3_266_489_909)
  }
}
