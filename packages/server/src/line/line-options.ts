// What a program may set for a line, with the defaults, and the check of it.

import type { RouteOptions } from '../connection/route.ts'
import type { PublishedMessage } from '../connection/topic-hub.ts'
import type { UpgradeRequest } from '../connection/upgrade-request.ts'
import { HoldlineError } from '../protocol/errors.ts'
import type { Authorize, TopicIdentity } from '../topics/topic-options.ts'
import { CursorProof } from './cursor-proof.ts'
import type { Secret } from './cursor-proof.ts'
import type { Identify } from './identity.ts'

/**
 * Judges what a line wants to publish, once it may, and answers with what is published in its place: what the program
 * knows of the author and the time cannot be forged then. null: it is refused. A throw is a refusal too, and is reported.
 */
export type Review = (asked: {
  readonly topic: string
  /** Data that is no bytes is here as its JSON. */
  readonly message: PublishedMessage
  readonly identity: TopicIdentity | null
  readonly request: UpgradeRequest
}) => PublishedMessage | null

export interface LineOptions<Data = unknown> extends Omit<RouteOptions<Data>, 'subprotocols'> {
  /** Says whose a token is. Without it nobody is asked, and lines have no identity. */
  readonly identify?: Identify
  /** Whether a line may go on without a token. It has no identity then. Default false; without `identify`, true. */
  readonly anonymous?: boolean
  /** The cookie in which a token may stand. Default: none is looked at. */
  readonly cookie?: string
  /** How long a line may take to say who it is, in milliseconds. Default 10,000. */
  readonly helloMs?: number
  /** Who may do what, besides what the topic's own `authorize` says; both must allow it. */
  readonly authorize?: Authorize
  /** Judges each publication, and may change it. Default: it is published as it came. */
  readonly review?: Review
  /**
   * What cursors are bound to their identities with: at least 32 bytes, the same in all processes of all machines. The
   * first of a list signs, all are believed. Default: random, shared by the workers of one supervisor.
   */
  readonly secret?: Secret | readonly Secret[]
  /**
   * Whether lines may subscribe to patterns. `authorize` is then asked with the pattern as the topic, and what it allows
   * brings every topic that fits: those too whose own `authorize` would say no. Default false.
   */
  readonly patterns?: boolean
  /** Subscriptions of one line. Default 1,000. */
  readonly maxSubscriptions?: number
  /** Longest publication of a line, in bytes. Default: what `limits.messageBytes` lets through. */
  readonly maxPublishBytes?: number
  /** Publications a second from one line, with a burst of one second. Default 0, no limit. */
  readonly publishesPerSecond?: number
  /** Bytes of publications a second from one line, with a burst of one second. Default 0, no limit. */
  readonly publishBytesPerSecond?: number
  /** Publications of one line that may wait for the broker; then no more of its messages are read. Default 64. */
  readonly maxUnconfirmed?: number
}

export interface ResolvedLineOptions {
  readonly identify: Identify | null
  readonly anonymous: boolean
  readonly cookie: string | null
  readonly helloMs: number
  readonly authorize: Authorize | null
  readonly review: Review | null
  readonly proof: CursorProof
  readonly patterns: boolean
  readonly maxSubscriptions: number
  readonly maxPublishBytes: number
  readonly publishesPerSecond: number
  readonly publishBytesPerSecond: number
  readonly maxUnconfirmed: number
}

const numbers = {
  helloMs: { standard: 10_000, lowest: 1 },
  maxSubscriptions: { standard: 1_000, lowest: 1 },
  maxPublishBytes: { standard: 0x7fff_ffff, lowest: 1 },
  publishesPerSecond: { standard: 0, lowest: 0 },
  publishBytesPerSecond: { standard: 0, lowest: 0 },
  maxUnconfirmed: { standard: 64, lowest: 1 },
} as const

/** Options that a line has besides those of any route. */
const own: ReadonlySet<string> = new Set([
  ...Object.keys(numbers),
  'identify',
  'anonymous',
  'cookie',
  'authorize',
  'review',
  'secret',
  'patterns',
])

const ofRoutes: ReadonlySet<string> = new Set([
  'upgrade',
  'limits',
  'origins',
  'deflate',
  'keepalive',
])

/** @throws HoldlineError ERR_OPTION_INVALID */
export function resolveLineOptions<Data>(options: LineOptions<Data>): ResolvedLineOptions {
  for (const name of Object.keys(options)) {
    if (!own.has(name) && !ofRoutes.has(name)) invalid(`${name} is not an option of line`)
  }
  const { identify, authorize, review, anonymous, cookie } = options
  if (identify !== undefined && typeof identify !== 'function') invalid('identify is no function')
  if (authorize !== undefined && typeof authorize !== 'function') {
    invalid('authorize is no function')
  }
  if (review !== undefined && typeof review !== 'function') invalid('review is no function')
  const resolved = {} as Record<keyof typeof numbers, number>
  for (const [name, { standard, lowest }] of Object.entries(numbers)) {
    const value = options[name as keyof typeof numbers] ?? standard
    if (!Number.isSafeInteger(value) || value < lowest || value > 0x7fff_ffff) {
      invalid(`${name} is ${String(value)}, not a whole number from ${lowest} to 2147483647`)
    }
    resolved[name as keyof typeof numbers] = value
  }
  return Object.freeze({
    ...resolved,
    identify: identify ?? null,
    anonymous: anonymous ?? identify === undefined,
    cookie: cookie ?? null,
    authorize: authorize ?? null,
    review: review ?? null,
    proof: new CursorProof(options.secret),
    patterns: options.patterns === true,
  })
}

function invalid(detail: string): never {
  throw new HoldlineError('ERR_OPTION_INVALID', detail)
}
