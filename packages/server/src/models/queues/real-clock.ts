// The time of queues that are used without a server. Unlike a server's clock it keeps the process alive: what was
// put off is still to be done.

import type { CancelTimer, Clock } from '../../connection/clock.ts'

/** Longest delay that a timer of Node holds; a longer one would fire at once. */
const MAX_TIMER_MS = 2_147_483_647

export class RealClock implements Clock {
  now(): number {
    return performance.now()
  }

  setTimer(ms: number, f: () => void): CancelTimer {
    const dueMs = this.now() + ms
    let timer: NodeJS.Timeout
    const wait = (leftMs: number): void => {
      timer = setTimeout(
        () => {
          if (leftMs > MAX_TIMER_MS) wait(dueMs - this.now())
          else f()
        },
        Math.min(leftMs, MAX_TIMER_MS),
      )
    }
    wait(ms)
    return () => clearTimeout(timer)
  }

  // The check phase follows the poll phase: all that came in meanwhile is served first.
  atTurnEnd(f: () => void): void {
    setImmediate(f)
  }
}
