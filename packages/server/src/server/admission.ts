// Lets so many connections in each second, before any function of a route runs: those who come back after a deploy
// are a ramp, not a storm. Knows neither requests nor routes.

import type { Clock } from '../connection/clock.ts'
import { HoldlineError } from '../protocol/errors.ts'
import { refusalResponse } from '../protocol/handshake.ts'

export interface AdmissionOptions {
  /** Connections let in each second, by all workers of the server together. */
  readonly perSecond: number
  /** Connections let in at once after a quiet time, by all workers together. Default: those of one second. */
  readonly burst?: number
}

/** Whoever is refused is asked to come again within this. */
const MOST_WAIT_S = 60

export class Admission {
  readonly #perSecond: number
  readonly #burst: number
  readonly #clock: Clock
  readonly #random: () => number
  #tokens: number
  /** Those who were refused and have not come again yet, if all come when they were asked to. */
  #waiting = 0
  #atMs: number
  /** Ready answers, by their seconds. */
  readonly #answers: string[] = []

  /** `share` is this process's part: 1 of its workers. */
  constructor(
    options: Required<AdmissionOptions>,
    clock: Clock,
    share: number,
    random: () => number = Math.random,
  ) {
    this.#perSecond = options.perSecond * share
    // Below one nobody would ever be let in.
    this.#burst = Math.max(1, options.burst * share)
    this.#clock = clock
    this.#random = random
    this.#tokens = this.#burst
    this.#atMs = clock.now()
  }

  /** Whether one more connection may come in now; counts it if so. */
  take(): boolean {
    const now = this.#clock.now()
    const due = ((now - this.#atMs) / 1_000) * this.#perSecond
    this.#atMs = now
    this.#tokens = Math.min(this.#burst, this.#tokens + due)
    this.#waiting = Math.max(0, this.#waiting - due)
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }

  /**
   * The whole answer to one that was refused. Retry-After is spread over the time that it takes to let all of them
   * in, so that they do not come back together.
   */
  refusal(): string {
    this.#waiting++
    const spreadS = Math.min(MOST_WAIT_S, Math.ceil(this.#waiting / this.#perSecond))
    const seconds = 1 + Math.floor(this.#random() * spreadS)
    return (this.#answers[seconds] ??= refusalResponse(undefined, 'ERR_UPGRADE_ADMISSION', {
      'Retry-After': String(seconds),
    }))
  }
}

/** @throws HoldlineError ERR_OPTION_INVALID */
export function resolveAdmission(
  set: AdmissionOptions | undefined,
): Required<AdmissionOptions> | null {
  if (set === undefined) return null
  if (typeof set !== 'object' || set === null) invalid(`admission is ${JSON.stringify(set)}`)
  for (const name of Object.keys(set)) {
    if (name !== 'perSecond' && name !== 'burst') invalid(`admission.${name} is not an option`)
  }
  const { perSecond, burst = perSecond } = set
  check('perSecond', perSecond)
  check('burst', burst)
  return Object.freeze({ perSecond, burst })
}

function check(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= 1_000_000_000) return
  invalid(`admission.${name} is ${JSON.stringify(value)}, not a whole number from 1 to 1000000000`)
}

function invalid(detail: string): never {
  throw new HoldlineError('ERR_OPTION_INVALID', detail)
}
