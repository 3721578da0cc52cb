// Time as channels: `after` once, `tick` again and again. As in Go 1.23 a timer runs only while somebody waits for it:
// a select in a loop may make one at each round, and those that another case won leave nothing behind.

import type { CancelTimer, Clock } from '../../connection/clock.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import { isDue, setAlarm } from './alarm.ts'
import { defaultClock } from './default-clock.ts'
import { Source } from './source.ts'
import type { Received } from './waiter.ts'
import { WaiterList } from './waiter.ts'

/** A channel of moments, in milliseconds of its clock. It is never closed, as Go's. */
export class Timer extends Source<number> {
  protected readonly receivers: WaiterList = new WaiterList({
    occupied: () => this.#arm(),
    deserted: () => this.#disarm(),
  })
  readonly #clock: Clock
  /** 0: it comes once. */
  readonly #periodMs: number
  #dueMs: number
  #cancel: CancelTimer | null = null

  constructor(clock: Clock, delayMs: number, periodMs: number) {
    super()
    this.#clock = clock
    this.#periodMs = periodMs
    this.#dueMs = clock.now() + delayMs
  }

  /** Nothing comes any more. It is not closed: who waits, waits. */
  stop(): void {
    this.#dueMs = Infinity
    this.#disarm()
  }

  [Symbol.dispose](): void {
    this.stop()
  }

  /** Whether a timer runs for it now. */
  get isArmed(): boolean {
    return this.#cancel !== null && this.#dueMs !== Infinity
  }

  // Nobody overtakes those who wait, even where the timer that is to serve them is late.
  get canReceive(): boolean {
    return this.receivers.isEmpty && isDue(this.#clock, this.#dueMs)
  }

  /** The moment that was due. Those that passed meanwhile are dropped, as a slow receiver's ticks in Go. */
  take(): Received<number> {
    const value = this.#dueMs
    if (this.#periodMs === 0) this.#dueMs = Infinity
    else {
      const missed = Math.floor((this.#clock.now() - value) / this.#periodMs)
      this.#dueMs = value + (Math.max(missed, 0) + 1) * this.#periodMs
    }
    return { value, ok: true }
  }

  #arm(): void {
    this.#cancel = setAlarm(this.#clock, this.#dueMs, this.#fired)
  }

  #disarm(): void {
    this.#cancel?.()
    this.#cancel = null
  }

  readonly #fired = (): void => {
    this.#cancel = null
    const { value, ok } = this.take()
    this.receivers.shift()!.complete(value, ok)
    if (!this.receivers.isEmpty) this.#arm()
  }
}

/** A channel on which one value comes after so many milliseconds: the moment it was due. Infinity: never. */
export function after(delayMs: number, clock: Clock = defaultClock): Timer {
  if (Number.isNaN(delayMs)) throw new HoldlineError('ERR_OPTION_INVALID', 'after(NaN)')
  return new Timer(clock, Math.max(delayMs, 0), 0)
}

/**
 * A channel on which a value comes every so many milliseconds; at most one waits to be received.
 *
 * @throws HoldlineError ERR_OPTION_INVALID when the period is not more than 0.
 */
export function tick(periodMs: number, clock: Clock = defaultClock): Timer {
  if (!(periodMs > 0)) throw new HoldlineError('ERR_OPTION_INVALID', `tick(${periodMs})`)
  return new Timer(clock, periodMs, periodMs)
}
