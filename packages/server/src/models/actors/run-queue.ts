// Whose turn it is: one queue for all actors of a system, run in the microtasks of what woke it, and no longer than a
// budget, so that I/O goes on. Not a promise per message.

import type { Clock } from '../../connection/clock.ts'

/** Messages of one actor before it is the next one's turn. */
const MAX_SLICE = 64
/** Messages of a turn between two looks at the clock. */
const MESSAGES_BETWEEN_LOOKS = 16
/** How long a turn may take, and how many messages it may handle. */
const MAX_TURN_MS = 1
const MAX_TURN_MESSAGES = 8_192

/** What takes its turn. */
export interface Runnable {
  run(count: number): number
  /** Whether it wants another turn. */
  settleQueue(): boolean
}

export class RunQueue<R extends Runnable> {
  readonly #clock: Clock
  #ring: (R | null)[] = Array.from({ length: 64 }, () => null)
  #head = 0
  #length = 0
  #isAwake = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  push(runnable: R): void {
    this.#append(runnable)
    if (this.#isAwake) return
    this.#isAwake = true
    queueMicrotask(this.#turn)
  }

  readonly #turn = (): void => {
    const sinceMs = this.#clock.now()
    let handled = 0
    while (this.#length > 0) {
      const runnable = this.#shift()
      // A slow handler must not be followed by many: the clock is asked in between.
      let slice = 0
      let wantsMore = true
      let isLate = false
      while (wantsMore && slice < MAX_SLICE && !isLate) {
        const done = runnable.run(MESSAGES_BETWEEN_LOOKS)
        slice += done
        wantsMore = done === MESSAGES_BETWEEN_LOOKS
        handled += done
        isLate = handled >= MAX_TURN_MESSAGES || this.#clock.now() - sinceMs >= MAX_TURN_MS
      }
      if (runnable.settleQueue()) this.#append(runnable)
      if (isLate && this.#length > 0) {
        // Awake still: what comes meanwhile waits for that turn, too.
        this.#clock.atTurnEnd(this.#turn)
        return
      }
    }
    this.#isAwake = false
  }

  #append(runnable: R): void {
    if (this.#length === this.#ring.length) this.#grow()
    this.#ring[(this.#head + this.#length++) & (this.#ring.length - 1)] = runnable
  }

  #shift(): R {
    const runnable = this.#ring[this.#head]!
    this.#ring[this.#head] = null
    this.#head = (this.#head + 1) & (this.#ring.length - 1)
    this.#length--
    return runnable
  }

  #grow(): void {
    const { length } = this.#ring
    const ring = [...this.#ring.slice(this.#head), ...this.#ring.slice(0, this.#head)]
    while (ring.length < length * 2) ring.push(null)
    this.#ring = ring
    this.#head = 0
  }
}
