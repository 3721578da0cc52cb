// Time and turns for connections on this engine: timers are Node's, turns are the reactor's while it runs.

import type { CancelTimer, Clock } from '../../connection/clock.ts'
import type { Reactor } from './reactor.ts'

export class UringClock implements Clock {
  /** null: nothing listens now. */
  reactor: Reactor | null = null

  now(): number {
    return performance.now()
  }

  setTimer(ms: number, f: () => void): CancelTimer {
    const timer = setTimeout(f, ms)
    timer.unref()
    return () => clearTimeout(timer)
  }

  atTurnEnd(f: () => void): void {
    if (this.reactor === null) setImmediate(f)
    else this.reactor.atTurnEnd(f)
  }
}
