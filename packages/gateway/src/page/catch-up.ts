// How much was missed while the line was lost: what arrives, up to where the topic was when the line came back. Pure.

export class CatchUp {
  readonly #offsets: number[] = []
  #headOffset: number | undefined

  /** A publication of someone else arrived. */
  arrived(offset: number | null): void {
    if (offset !== null) this.#offsets.push(offset)
  }

  /** Where the topic was. It may be known only after some, or all, has arrived. */
  head(offset: number): void {
    this.#headOffset = offset
  }

  /** How much was missed, once the page is as far as the topic was; undefined: not yet. */
  countAt(offset: number): number | undefined {
    const head = this.#headOffset
    if (head === undefined || offset < head) return undefined
    return this.#offsets.filter((one) => one <= head).length
  }
}
