// The bounds of a route, their defaults, and the check of what a program sets.

import { HoldlineError } from '../protocol/errors.ts'

/** Bounds of one route. Milliseconds and bytes; 0 means no limit where that is said. */
export interface Limits {
  /** Longest message after inflating, and bound of memory for its fragments. Default 1 MiB; beyond it 1009. */
  readonly messageBytes: number
  /** Longest request head. Default 16 KiB; beyond it 431. A route's own cannot raise the server's. */
  readonly headerBytes: number
  /** For the request head to arrive, and for an asynchronous `upgrade`. Default 10,000; a route's own bounds its `upgrade`. */
  readonly handshakeMs: number
  /** From the first byte of a message to its last. Default 30,000; beyond it 1008. */
  readonly incompleteMessageMs: number
  /** Without a message from the other side for so long: 1001. Default 0, none: pings tell who is gone. */
  readonly idleMs: number
  /** From the close frame to the end of the line; then it is cut. Default 5,000. */
  readonly closeMs: number
  /** Most bytes that wait to be sent on a connection; beyond it 1013. Default 1 MiB. One message more is taken while no more than half waits. */
  readonly bufferedBytes: number
  /** From how many waiting bytes `send` says 'queued'. Default 64 KiB. */
  readonly highWaterBytes: number
  /** At how many waiting bytes `drain` is called after 'queued'. Default 16 KiB. */
  readonly lowWaterBytes: number
  /** Connections of the route in this process; beyond it 503. Default 0, none. */
  readonly connections: number
  /** Connections of the route from one address, in this process; beyond it 429. Default 0, none. */
  readonly connectionsPerAddress: number
  /** Messages a second from a connection, with a burst of one second; beyond it 1008. Default 0, none. */
  readonly messagesPerSecond: number
  /** Bytes a second from a connection, with a burst of one second; beyond it 1008. Default 0, none. */
  readonly bytesPerSecond: number
}

export const defaultLimits: Limits = Object.freeze({
  messageBytes: 1_048_576,
  headerBytes: 16_384,
  handshakeMs: 10_000,
  incompleteMessageMs: 30_000,
  idleMs: 0,
  closeMs: 5_000,
  bufferedBytes: 1_048_576,
  highWaterBytes: 65_536,
  lowWaterBytes: 16_384,
  connections: 0,
  connectionsPerAddress: 0,
  messagesPerSecond: 0,
  bytesPerSecond: 0,
})

/** Limits where 0 would make the route useless rather than unbounded. */
const POSITIVE: readonly (keyof Limits)[] = [
  'messageBytes',
  'headerBytes',
  'handshakeMs',
  'incompleteMessageMs',
  'closeMs',
  'bufferedBytes',
  'highWaterBytes',
]

/**
 * Fills in what is not set, first from `base`, and freezes the result.
 *
 * @throws HoldlineError ERR_OPTION_INVALID for an unknown name, a value that is no whole number in range, or a
 * low mark above the high one.
 */
export function resolveLimits(set: Partial<Limits> = {}, base: Limits = defaultLimits): Limits {
  for (const [name, value] of Object.entries(set)) {
    if (!Object.hasOwn(defaultLimits, name)) {
      throw new HoldlineError('ERR_OPTION_INVALID', `limits.${name} is not a limit`)
    }
    const lowest = POSITIVE.includes(name as keyof Limits) ? 1 : 0
    if (!Number.isSafeInteger(value) || value < lowest || value > 0x7fff_ffff) {
      throw new HoldlineError(
        'ERR_OPTION_INVALID',
        `limits.${name} is ${String(value)}, not a whole number from ${lowest} to 2147483647`,
      )
    }
  }
  const limits = { ...base, ...set }
  // Marks that were not set follow those that were.
  if (set.highWaterBytes === undefined) {
    limits.highWaterBytes = Math.min(limits.highWaterBytes, limits.bufferedBytes)
  }
  if (set.lowWaterBytes === undefined) {
    limits.lowWaterBytes = Math.min(limits.lowWaterBytes, limits.highWaterBytes)
  }
  if (limits.highWaterBytes > limits.bufferedBytes) {
    throw new HoldlineError('ERR_OPTION_INVALID', 'limits.highWaterBytes is above bufferedBytes')
  }
  if (limits.lowWaterBytes > limits.highWaterBytes) {
    throw new HoldlineError('ERR_OPTION_INVALID', 'limits.lowWaterBytes is above highWaterBytes')
  }
  return Object.freeze(limits)
}
