// What may be set for a route of threads, the defaults, and the check of what a program sets.

import type { ResourceLimits } from 'node:worker_threads'
import type { RouteOptions } from '../../connection/route.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import { ProcessClock } from '../../connection/process-clock.ts'
import type { Deadlines } from './deadlines.ts'

/** What is set of the model itself. */
export interface PoolOptions {
  /** Most threads of the route in this process, and so most connections; beyond it 503. Default 256. */
  readonly maxThreads?: number
  /** How long a request waits for a thread before that. Default 0. Keep it below `limits.handshakeMs`. */
  readonly waitMs?: number
  /** Free threads that are kept for the next connections. Default 8. */
  readonly keepThreads?: number
  /** For how long. Default 10,000. */
  readonly keepMs?: number
  /** From the end of a connection to that of its handler; then its thread is stopped. Default 5,000. */
  readonly graceMs?: number
  /**
   * How long a connection may be held back because its handler takes no messages; then its thread is stopped.
   * Default 300,000; 0: for ever. A line that is held back is not read, so nobody hears that it has gone.
   */
  readonly stallMs?: number
  /** Memory for messages under way, each way. Rounded up to a power of two. Default 65,536; longer ones go in parts. */
  readonly ringBytes?: number
  /** Stack of a thread. Default 4, as Node. */
  readonly stackSizeMb?: number
  /** Memory of a thread, as `node:worker_threads` has it. One that passes it costs its own connection. */
  readonly resourceLimits?: ResourceLimits
  /** What `session.publish` calls: `(topic, message) => server.publish(topic, message)`. */
  readonly publish?: (topic: string, message: string | Uint8Array) => unknown
  /** For deadlines. Default real time. */
  readonly clock?: Deadlines
}

export type ThreadOptions<Data = unknown> = RouteOptions<Data> & PoolOptions

/** Those of the model, with their defaults. */
export interface ResolvedThreadOptions {
  readonly maxThreads: number
  readonly waitMs: number
  readonly keepThreads: number
  readonly keepMs: number
  readonly graceMs: number
  readonly stallMs: number
  readonly ringBytes: number
  readonly resourceLimits: ResourceLimits
  readonly publish: ((topic: string, message: string | Uint8Array) => unknown) | null
  readonly clock: Deadlines
}

const MAX_MS = 0x7fff_ffff

/** Name, default, lowest, highest. */
const numbers = [
  ['maxThreads', 256, 1, 65_536],
  ['waitMs', 0, 0, MAX_MS],
  ['keepThreads', 8, 0, 65_536],
  ['keepMs', 10_000, 0, MAX_MS],
  ['graceMs', 5_000, 0, MAX_MS],
  ['stallMs', 300_000, 0, MAX_MS],
  ['ringBytes', 65_536, 256, 0x4000_0000],
] as const

/** @throws HoldlineError ERR_OPTION_INVALID */
export function resolveThreadOptions(set: PoolOptions): ResolvedThreadOptions {
  const values: Record<string, number> = {}
  for (const [name, standard, lowest, highest] of numbers) {
    const value = set[name] ?? standard
    if (!Number.isSafeInteger(value) || value < lowest || value > highest) {
      const range = `not a whole number from ${lowest} to ${highest}`
      throw new HoldlineError('ERR_OPTION_INVALID', `${name} is ${String(value)}, ${range}`)
    }
    values[name] = value
  }
  const { stackSizeMb, resourceLimits, publish, clock } = set
  return {
    ...(values as Record<(typeof numbers)[number][0], number>),
    ringBytes: 2 ** Math.ceil(Math.log2(values['ringBytes']!)),
    resourceLimits: { ...resourceLimits, ...(stackSizeMb !== undefined && { stackSizeMb }) },
    publish: publish ?? null,
    clock: clock ?? new ProcessClock(false),
  }
}

/**
 * The module of a route as a URL that a worker can import.
 *
 * @throws HoldlineError ERR_OPTION_INVALID
 */
export function moduleUrlOf(module: URL | string): string {
  const href = String(module)
  if (URL.canParse(href) && ['file:', 'data:'].includes(new URL(href).protocol)) return href
  const detail = `the module ${href.slice(0, 200)} is no file: URL; new URL('./session.js', import.meta.url) is one`
  throw new HoldlineError('ERR_OPTION_INVALID', detail)
}
