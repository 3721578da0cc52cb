// What a program may set for presence, with the defaults and the check of it.

import { HoldlineError } from '../protocol/errors.ts'

export interface PresenceOptions {
  /** How long a process that nobody knows to be gone stays present without a word. Default 10,000; it beats thrice in it. */
  readonly leaseMs?: number
  /**
   * How long a member stays after its connection closed, or its process ended: one that comes back within it has not
   * been away. Default 0.
   */
  readonly graceMs?: number
  /** Longest state, in bytes of JSON. Default 1,024. */
  readonly stateBytes?: number
  /** Entries of this process. Default 100,000. */
  readonly entries?: number
}

const defaults: Required<PresenceOptions> = {
  leaseMs: 10_000,
  graceMs: 0,
  stateBytes: 1_024,
  entries: 100_000,
}

/** @throws HoldlineError ERR_OPTION_INVALID */
export function resolvePresence(set: PresenceOptions = {}): Required<PresenceOptions> {
  for (const [name, value] of Object.entries(set)) {
    if (!Object.hasOwn(defaults, name)) {
      throw new HoldlineError('ERR_OPTION_INVALID', `presence.${name} is not an option`)
    }
    const lowest = name === 'graceMs' ? 0 : name === 'leaseMs' ? 100 : 1
    if (!Number.isSafeInteger(value) || value < lowest || value > 0x7fff_ffff) {
      const detail = `presence.${name} is ${String(value)}, not a whole number from ${lowest}`
      throw new HoldlineError('ERR_OPTION_INVALID', detail)
    }
  }
  return Object.freeze({ ...defaults, ...set })
}
