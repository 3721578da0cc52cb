// Names as they come over a link: most are the one before, and a string is made of it once.

/** Decodes a name once while it is the same. */
export class RecentName {
  #bytes: Buffer = Buffer.alloc(0)
  #text = ''

  read(bytes: Buffer, start: number, end: number): string {
    if (!this.#isSame(bytes, start, end)) {
      this.#bytes = Buffer.from(bytes.subarray(start, end))
      this.#text = bytes.toString('utf8', start, end)
    }
    return this.#text
  }

  // By hand: names are short, and a call of `compare` costs more than they do.
  #isSame(bytes: Buffer, start: number, end: number): boolean {
    const known = this.#bytes
    if (known.length !== end - start) return false
    for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false
    return true
  }
}
