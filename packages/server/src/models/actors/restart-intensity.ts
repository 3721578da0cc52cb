// Counts restarts within a period, as OTP does.

import { HoldlineError } from '../../protocol/errors.ts'

export class RestartIntensity {
  readonly #intensity: number
  readonly #periodMs: number
  /** When, the latest last. */
  #restartsMs: number[] = []

  /** @throws HoldlineError ERR_OPTION_INVALID */
  constructor(intensity: number, periodMs: number) {
    const isCount = intensity === Infinity || (Number.isSafeInteger(intensity) && intensity >= 0)
    if (!isCount) throw new HoldlineError('ERR_OPTION_INVALID', `intensity ${intensity}`)
    if (!(periodMs > 0)) throw new HoldlineError('ERR_OPTION_INVALID', `periodMs ${periodMs}`)
    this.#intensity = intensity
    this.#periodMs = periodMs
  }

  /** Notes a restart; false: it is one too many. */
  allows(nowMs: number): boolean {
    if (this.#intensity === Infinity) return true
    this.#restartsMs = this.#restartsMs.filter((at) => at >= nowMs - this.#periodMs)
    this.#restartsMs.push(nowMs)
    return this.#restartsMs.length <= this.#intensity
  }
}
