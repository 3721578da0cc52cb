// The clock of a system that is given none: that of the process.

import type { CancelTimer, Clock } from '../../connection/clock.ts'

export class ProcessClock implements Clock {
  now(): number {
    return performance.now()
  }

  setTimer(ms: number, f: () => void): CancelTimer {
    const timer = setTimeout(f, ms)
    timer.unref()
    return () => clearTimeout(timer)
  }

  atTurnEnd(f: () => void): void {
    setImmediate(f)
  }
}
