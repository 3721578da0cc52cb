// A moment that may be further away than a timer of Node reaches, and that never comes early, as those of Node may by a
// fraction of a millisecond.

import type { CancelTimer, Clock } from '../../connection/clock.ts'

/** The longest that Node's timers wait; beyond it they fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
/** More than what the sum of two times may be off by. */
const ROUNDING_MS = 0.001

export function isDue(clock: Clock, dueMs: number): boolean {
  return clock.now() >= dueMs - ROUNDING_MS
}

/** Calls `f` once the clock says `dueMs`; never for Infinity. */
export function setAlarm(clock: Clock, dueMs: number, f: () => void): CancelTimer {
  if (dueMs === Infinity) return () => {}
  const fired = (): void => {
    if (isDue(clock, dueMs)) f()
    else arm()
  }
  const arm = (): void => {
    const leftMs = Math.max(dueMs - clock.now(), 0)
    cancel = clock.setTimer(Math.min(leftMs, LONGEST_TIMER_MS), fired)
  }
  let cancel: CancelTimer = () => {}
  arm()
  return () => cancel()
}
