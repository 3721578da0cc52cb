// Real time, whatever the engine's clock says: threads block in the operating system's, which no test can hold.

import type { Clock } from '../../connection/clock.ts'

/** What deadlines of threads need. */
export type Deadlines = Pick<Clock, 'now' | 'setTimer'>

export const systemClock: Deadlines = {
  now: () => performance.now(),
  setTimer: (ms, f) => {
    const timer = setTimeout(f, ms).unref()
    return () => clearTimeout(timer)
  },
}
