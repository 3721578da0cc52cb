// Time and turns, as the engine gives them: everything that waits goes through here, so that the memory engine
// can make both deterministic.

/** Cancels what `setTimer` began. */
export type CancelTimer = () => void

export interface Clock {
  /** Milliseconds on a clock that only moves forward; its zero means nothing. */
  now(): number
  /** Calls `f` once, after `ms` milliseconds. Does not keep the process alive. */
  setTimer(ms: number, f: () => void): CancelTimer
  /** Calls `f` once, when everything that this turn of the event loop brought has been handled. */
  atTurnEnd(f: () => void): void
}
