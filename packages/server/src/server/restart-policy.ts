// When a worker that ended is started again, and when it is enough: intensity and period as in OTP, with pauses
// that double. Knows no processes and no clock.

import type { RestartOptions } from './options.ts'

interface Restart {
  readonly slot: number
  readonly atMs: number
}

export class RestartPolicy {
  readonly #options: Required<RestartOptions>
  /** Those of the last period, the oldest first. */
  #restarts: Restart[] = []

  constructor(options: Required<RestartOptions>) {
    this.#options = options
  }

  /**
   * The worker of a slot has ended unasked. Gives the milliseconds until the next one of that slot is to be
   * started, or null: more than `intensity` restarts would fall into one period.
   *
   * The pause doubles with each restart of the same slot within the period, so it is short again after a period
   * without one. Other slots wait no longer for it; the intensity counts for all of them together.
   */
  ended(slot: number, nowMs: number): number | null {
    const { intensity, periodMs, backoffMs, maxBackoffMs } = this.#options
    this.#restarts = this.#restarts.filter(({ atMs }) => nowMs - atMs < periodMs)
    if (this.#restarts.length >= intensity) return null
    const before = this.#restarts.filter((restart) => restart.slot === slot).length
    this.#restarts.push({ slot, atMs: nowMs })
    return Math.min(maxBackoffMs, backoffMs * 2 ** before)
  }
}
