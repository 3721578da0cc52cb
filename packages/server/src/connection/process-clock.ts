// The time and the turns of this process: for engines on sockets, and for libraries that are used without a server.

import type { CancelTimer, Clock } from './clock.ts'

/** Longest delay that a timer of Node holds; a longer one would fire at once. */
const MAX_TIMER_MS = 2_147_483_647

export class ProcessClock implements Clock {
  readonly #keepsProcess: boolean

  /** @param keepsProcess Whether the process goes on for as long as a timer waits. A server's does not: lines do. */
  constructor(keepsProcess: boolean) {
    this.#keepsProcess = keepsProcess
  }

  now(): number {
    return performance.now()
  }

  setTimer(ms: number, f: () => void): CancelTimer {
    let timer = this.#timer(Math.min(ms, MAX_TIMER_MS), ms <= MAX_TIMER_MS ? f : () => next())
    const dueMs = ms <= MAX_TIMER_MS ? 0 : this.now() + ms
    const next = (): void => {
      const leftMs = dueMs - this.now()
      timer = this.#timer(Math.min(leftMs, MAX_TIMER_MS), leftMs <= MAX_TIMER_MS ? f : next)
    }
    return () => clearTimeout(timer)
  }

  #timer(ms: number, f: () => void): NodeJS.Timeout {
    const timer = setTimeout(f, ms)
    return this.#keepsProcess ? timer : timer.unref()
  }

  // The check phase follows the poll phase of the same turn: what all lines brought has been handled by then.
  atTurnEnd(f: () => void): void {
    setImmediate(f)
  }
}
