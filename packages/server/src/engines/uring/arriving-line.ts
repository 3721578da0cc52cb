// Lines that are no connections yet, and the list of those whose request is waited for. What is done with them, and
// when their time is over, is the doorway's to know.

import type { Doorway } from './doorway.ts'
import type { LineOwner, Lines } from './lines.ts'

/** A line that is no connection yet. */
export class ArrivingLine implements LineOwner {
  readonly doorway: Doorway
  slot = 0
  since = 0
  /** Its neighbours among the lines that arrive, in the order in which they came. */
  next: ArrivingLine | null = null
  previous: ArrivingLine | null = null
  /** Whether its first bytes are waited for in the ring. */
  isPeeking = true
  /** Whether the time for its request is over. */
  isLate = false
  /** Whether the listener is being closed. */
  isCut = false

  constructor(doorway: Doorway) {
    this.doorway = doorway
  }

  begin(fd: number, lines: Lines): void {
    this.slot = lines.slots.take(fd, this)
    this.since = performance.now()
    this.isPeeking = true
  }

  receive(): void {}
  bytesWritten(): void {}
  ended(): void {}
  transportClosed(): void {}
}

/** Linked, not a Set: that would take new memory again and again while lines come and go. */
export class ArrivingList {
  first: ArrivingLine | null = null
  #last: ArrivingLine | null = null

  add(line: ArrivingLine): void {
    line.previous = this.#last
    if (this.#last === null) this.first = line
    else this.#last.next = line
    this.#last = line
  }

  delete(line: ArrivingLine): void {
    const { next, previous } = line
    if (previous === null && this.first !== line) return
    if (previous === null) this.first = next
    else previous.next = next
    if (next === null) this.#last = previous
    else next.previous = previous
    line.next = line.previous = null
  }
}
