// The clock of a program that says no other. Unlike the engines' it keeps the process alive while somebody waits for a
// timer: a program without connections has nothing else that would.

import type { CancelTimer, Clock } from '../../connection/clock.ts'

export const processClock: Clock = {
  now: () => performance.now(),
  setTimer: (ms, f): CancelTimer => {
    const timer = setTimeout(f, ms)
    return () => clearTimeout(timer)
  },
  atTurnEnd: (f) => void setImmediate(f),
}
