// What a program may set on a line with topics, with the defaults. No behaviour.

import type { EnvelopeCodec } from './envelope.ts'
import type { ClientError, RefusedError } from './errors.ts'
import type { LineOptions } from './options.ts'
import type { TopicSchemas } from './topic-words.ts'

/**
 * Why a token is wanted: for a new line; because the present one ends soon; or because the server took the last one no
 * longer, so one that was kept will not do.
 */
export type TokenReason = 'connect' | 'expiring' | 'refused'

export interface LiveOptions extends LineOptions {
  /** Gives the token that says who this is. Without it the handshake has to (cookies). */
  readonly token?: (reason: TokenReason) => string | Promise<string>
  /** A schema for each topic: publications are validated both ways. */
  readonly topics?: TopicSchemas
  /** Default: JSON. The other one is `holdline-client/msgpack`. */
  readonly encoding?: EnvelopeCodec
  /** Told what was left out, refused without an answer, or could not be had. Default: a console warning. */
  readonly onError?: (error: ClientError | RefusedError) => void
  /** Bounds what waits for the server, about, in bytes (a character of text counts as two). Default 1 MiB. */
  readonly bufferBytes?: number
  /** What was asked this long ago and not answered is given up. Below the two minutes of idempotency. Default 60,000 ms. */
  readonly answerTimeoutMs?: number
  /** A line on which nothing arrives is pinged after this long, and given up after twice as long. Default 10,000 ms. */
  readonly heartbeatMs?: number
  /** Origins besides its own that the server may send this line to, such as `wss://b.example.org`. */
  readonly moveTo?: readonly string[]
}
