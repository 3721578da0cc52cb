// What `server.shed` is asked: how many connections are to go elsewhere.

import { HoldlineError } from '../protocol/errors.ts'
import type { ShedOptions } from './server.ts'

/** What those who were told to leave have beyond their slot. */
export const SHED_MARGIN_MS = 5_000

const known = new Set(['count', 'fraction', 'overMs', 'url', 'reason'])

/** @throws HoldlineError ERR_OPTION_INVALID */
export function resolveShed(options: ShedOptions): ShedOptions & { readonly overMs: number } {
  for (const name of Object.keys(options)) if (!known.has(name)) invalid(`shed knows no ${name}`)
  const { count, fraction, overMs = 10_000, url, reason } = options
  if ((count === undefined) === (fraction === undefined)) {
    invalid('shed takes either a count or a fraction')
  }
  if (count !== undefined && (!Number.isSafeInteger(count) || count < 0)) {
    invalid(`shed: count is ${JSON.stringify(count)}, not a whole number from 0`)
  }
  if (fraction !== undefined && !(fraction >= 0 && fraction <= 1)) {
    invalid(`shed: fraction is ${JSON.stringify(fraction)}, not a number from 0 to 1`)
  }
  if (!Number.isSafeInteger(overMs) || overMs < 0 || overMs > 0x7fff_ffff) {
    invalid(`shed: overMs is ${JSON.stringify(overMs)}, not a whole number of milliseconds from 0`)
  }
  if (url !== undefined && !URL.canParse(url)) invalid(`shed: url is ${JSON.stringify(url)}`)
  if (reason !== undefined && (typeof reason !== 'string' || Buffer.byteLength(reason) > 123)) {
    invalid('shed: reason is no string of at most 123 bytes')
  }
  return { ...options, overMs }
}

/** Of so many connections. */
export function shedCount({ count, fraction }: ShedOptions, total: number): number {
  return Math.min(total, count ?? Math.round((fraction ?? 0) * total))
}

function invalid(detail: string): never {
  throw new HoldlineError('ERR_OPTION_INVALID', detail)
}
