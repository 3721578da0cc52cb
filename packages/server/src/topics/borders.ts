// Where publications end in a log: which cursor stands at which position. Kept for what the log keeps, and no longer.

import type { Cursor } from './broker.ts'

/** The end of a publication, or of what tells of a gap, in a log. */
export interface Border {
  /** '' for a topic without history. */
  readonly epoch: string
  readonly offset: number
  /** Position in the log behind its frame. */
  readonly end: number
  /** Publications of the topic so far. */
  readonly ordinal: number
  /** Gaps of the topic so far: where it has not changed, as many were published as `ordinal` has risen by. */
  readonly gapCount: number
}

/** Dropped from the front when so many are gone, so that each costs O(1). */
const CUT_AT = 1_024

export class Borders {
  #base: Border
  #kept: Border[] = []
  #first = 0
  /** Place in `#kept` of the first of the present epoch; at or before `#first`: the base is of it too. */
  #epochFirst = 0

  /** @param base where the log stands now */
  constructor(base: Border) {
    this.#base = base
  }

  /** The last one. */
  get head(): Border {
    return this.#kept.length > this.#first ? this.#kept[this.#kept.length - 1]! : this.#base
  }

  /** Borders that are kept. */
  get count(): number {
    return this.#kept.length - this.#first
  }

  add(border: Border): void {
    const { head } = this
    if (head.epoch !== border.epoch) this.#epochFirst = this.#kept.length
    this.#kept.push(border)
  }

  /** Forgets those before the position; the last of them is what the log begins with. */
  trim(position: number): void {
    while (this.#first < this.#kept.length && this.#kept[this.#first]!.end <= position) {
      this.#base = this.#kept[this.#first++]!
    }
    if (this.#first < CUT_AT || this.#first * 2 < this.#kept.length) return
    this.#kept = this.#kept.slice(this.#first)
    this.#epochFirst = Math.max(0, this.#epochFirst - this.#first)
    // The base is of the present epoch where its first border went with what was cut.
    this.#first = 0
  }

  /** The last one at or before the position. */
  at(position: number): Border {
    const place = this.#search(this.#first, (border) => border.end > position)
    return place === this.#first ? this.#base : this.#kept[place - 1]!
  }

  /** The first one at or behind the position. */
  from(position: number): Border {
    const place = this.#search(this.#first, (border) => border.end >= position)
    return this.#kept[place] ?? this.head
  }

  /** Where whoever has everything up to the cursor goes on; null: the log does not reach back so far, or not yet so far. */
  find({ epoch, offset }: Cursor): Border | null {
    const { head } = this
    if (head.epoch !== epoch || offset > head.offset) return null
    const from = Math.max(this.#first, this.#epochFirst)
    const place = this.#search(from, (border) => border.offset > offset)
    if (place > from) return this.#kept[place - 1]!
    const base = this.#base
    return from === this.#first && base.epoch === epoch && base.offset <= offset ? base : null
  }

  /** Behind the last gap; the base where none is kept. */
  get lastGap(): Border {
    const { gapCount } = this.head
    if (this.#base.gapCount === gapCount) return this.#base
    return this.#kept[this.#search(this.#first, (border) => border.gapCount === gapCount)]!
  }

  /** Place of the first border from `low` on for which `isPast`, which holds for all that follow. */
  #search(low: number, isPast: (border: Border) => boolean): number {
    let high = this.#kept.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isPast(this.#kept[middle]!)) high = middle
      else low = middle + 1
    }
    return low
  }
}
