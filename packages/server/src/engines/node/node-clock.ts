// Time and turns of Node's event loop.

import type { CancelTimer, Clock } from '../../connection/clock.ts'

export class NodeClock implements Clock {
  now(): number {
    return performance.now()
  }

  setTimer(ms: number, f: () => void): CancelTimer {
    const timer = setTimeout(f, ms)
    timer.unref()
    return () => clearTimeout(timer)
  }

  // The check phase follows the poll phase of the same turn: what all lines brought has been handled by then.
  atTurnEnd(f: () => void): void {
    setImmediate(f)
  }
}
