// What a program may set for all histories together, with the defaults and the check of it.

import { HoldlineError } from '../protocol/errors.ts'

/**
 * What all histories of a server may take: of the process with one, of the supervisor with several workers. On NATS and
 * Redis what is kept goes by age and by their own limits.
 */
export interface HistoryLimits {
  /** Topics with history, each about a kilobyte beside its messages. Default 100,000. */
  readonly topics?: number
  /** Bytes of the messages that are kept. Default 256 MiB. */
  readonly bytes?: number
}

const defaults: Required<HistoryLimits> = { topics: 100_000, bytes: 268_435_456 }

/** @throws HoldlineError ERR_OPTION_INVALID */
export function resolveHistoryLimits(set: HistoryLimits = {}): Required<HistoryLimits> {
  for (const [name, value] of Object.entries(set)) {
    if (!Object.hasOwn(defaults, name)) {
      throw new HoldlineError('ERR_OPTION_INVALID', `histories.${name} is not an option`)
    }
    if (!Number.isSafeInteger(value) || value < 1) {
      const detail = `histories.${name} is ${String(value)}, not a whole number from 1`
      throw new HoldlineError('ERR_OPTION_INVALID', detail)
    }
  }
  return Object.freeze({ ...defaults, ...set })
}
