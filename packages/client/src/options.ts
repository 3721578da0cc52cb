// What a program may set on a client, with the defaults. No behaviour.

import type { BackoffOptions, CloseInfo } from './backoff.ts'
import type { Contract } from './contract.ts'
import type { Environment } from './environment.ts'
import type { ClientError } from './errors.ts'

/**
 * - `connecting`: the first attempt
 * - `open`: messages pass
 * - `reconnecting`: the line was lost; the client waits for the next attempt or makes it
 * - `closed`: the end, by `close()`, by the signal, or because the server's close code says so
 */
export type State = 'connecting' | 'open' | 'reconnecting' | 'closed'

/** More about a state than its name. */
export interface StateDetail {
  /** Attempts that failed since the line was last steady. */
  readonly attempt: number
  /** In `reconnecting`: how long the client waits before its next attempt, in milliseconds. */
  readonly retryInMs?: number
  /** In `reconnecting` and `closed`: how the line ended. */
  readonly close?: CloseInfo
  /** In `closed`: messages that `send` answered with `queued` and that never left. */
  readonly unsentCount?: number
}

/**
 * What became of a message.
 * - `sent`: handed to the open line. It is on its way, not yet confirmed: only the other side's program can do that.
 * - `queued`: kept, and sent in order when the line is open
 * - `full`: refused, because too much waits already
 * - `closed`: refused, because the client is closed
 */
export type SendResult = 'sent' | 'queued' | 'full' | 'closed'

/** How a line is held; the same for messages of a program's own and for topics. */
export interface LineOptions {
  /** Called at each change, and again for each new wait while `reconnecting`. */
  readonly onState?: (state: State, detail: StateDetail) => void
  /** Waits between attempts: exponential with full jitter. */
  readonly backoff?: BackoffOptions
  /** Whether to try again after this close. Default: `worthRetrying`, without an end. */
  readonly reconnect?: (close: CloseInfo, attempt: number) => boolean
  /**
   * An attempt that is not open after this long is given up: a process that dies may have taken the connection and never
   * answer. With topics it is open at the welcome, so `token` has to answer within it too. Default 5,000 ms.
   */
  readonly connectTimeoutMs?: number
  /** A line that stood this long is steady: the backoff begins anew after it. Default 5,000 ms. */
  readonly steadyMs?: number
  /** How many messages wait for a reader before some are left out, and the reader told. Default 1,000. */
  readonly inboxMessages?: number
  /** Closes the line (1000) when it aborts. */
  readonly signal?: AbortSignal
  /** For tests. */
  readonly environment?: Partial<Environment>
}

export interface ClientOptions<Receives = unknown> extends LineOptions {
  /** Subprotocols to offer, the preferred one first. */
  readonly protocols?: readonly string[]
  /** Schemas of both directions, as on the server: messages are JSON and validated both ways. */
  readonly contract?: Contract
  /** `plain` (default without a contract): text and bytes as they are. `json` (always with one): JSON as text. */
  readonly format?: 'plain' | 'json'
  /** Called for each message, in order. Without it, messages wait for a reader (`for await`). */
  readonly onMessage?: (message: Receives) => void
  /**
   * Called at each change, and again for each new wait while `reconnecting`. What a listener sends on `open` goes before
   * what was queued: the place for a login or a join.
   */
  readonly onState?: (state: State, detail: StateDetail) => void
  /** Told what was left out: messages that are not valid, messages that nobody read. Default: a console warning. */
  readonly onError?: (error: ClientError) => void
  /** What `send` keeps, about, in bytes (a character of text counts as two). Default 1 MiB. */
  readonly queueBytes?: number
}
