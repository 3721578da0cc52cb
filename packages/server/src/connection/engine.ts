// What an engine is: it moves bytes. It listens, reads request heads, asks the acceptor about each upgrade, and
// turns what is accepted into connections.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { SecureContextOptions, TlsOptions } from 'node:tls'
import type { ErrorCode } from '../protocol/errors.ts'
import type { Clock } from './clock.ts'
import type { HeldConnection } from './held-connection.ts'
import type { Limits } from './limits.ts'
import type { Transport } from './transport.ts'
import type { UpgradeRequest } from './upgrade-request.ts'

/** Answers plain requests: what Express, Fastify (routing) and Hono (getRequestListener) give. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => void

/** Whom to believe about who is on the other end of a line. */
export interface ProxyOptions {
  /** Addresses and CIDR ranges of the proxies in front: `['10.0.0.0/8', '::1']`. Default none. */
  readonly trusted: readonly string[]
  /** Take X-Forwarded-For from them. Default true. */
  readonly forwardedFor?: boolean
  /** They speak the PROXY protocol (v1 or v2) at the start of every connection. Default false. */
  readonly proxyProtocol?: boolean
}

export interface ListenOptions {
  /** 0: a free port. */
  readonly port?: number
  readonly host?: string
  /** A Unix socket instead of a port. */
  readonly path?: string
  readonly tls?: SecureContextOptions & TlsOptions
  readonly proxy?: ProxyOptions
  /** SO_REUSEPORT: several processes listen on one port (Linux). */
  readonly reusePort?: boolean
  /** Lines that may wait to be accepted; the kernel has a bound of its own. Default 4,096. */
  readonly backlog?: number
}

export type ListenAddress =
  | { readonly host: string; readonly port: number }
  | { readonly path: string }

/** The request is answered with `response`, a whole HTTP response, and the line ends. */
export interface Refusal {
  readonly accepted: false
  readonly code: ErrorCode
  readonly response: string
}

/** The request becomes a connection. Exactly one of `connect` and `abandon` is called. */
export interface Acceptance {
  readonly accepted: true
  /**
   * Makes the connection, which writes the 101 response itself and calls `open`. The engine then gives it what
   * had come behind the request. `line` is one of the transport's, where it has several.
   */
  connect(transport: Transport, line?: number): HeldConnection
  /** The line went away first. */
  abandon(): void
}

export type Judgement = Acceptance | Refusal

/** What the server gives an engine. */
export interface Acceptor {
  readonly limits: Limits
  /** Whether a route has this path, so that `judge` would not answer 404. */
  serves(target: string): boolean
  /** A promise only where the route's own `upgrade` function is asynchronous. Never throws or rejects. */
  judge(request: UpgradeRequest): Judgement | Promise<Judgement>
  /** Everything that is no upgrade; null: 404. */
  readonly http: HttpHandler | null
}

export interface Listener {
  readonly address: ListenAddress
  /**
   * For a port that other processes listen on too: accepts what waits, then takes no new lines. All that are open
   * stay, those included that have not sent their request yet. `stopAccepting` and `close` follow.
   */
  retire?(): Promise<void>
  /** No new lines from now on; those that are open stay. */
  stopAccepting(): void
  /** Waits up to `graceMs` for plain requests under way, cuts them, and gives everything back. Connections are ended by the server before. */
  close(graceMs?: number): Promise<void>
}

export interface Engine {
  readonly name: string
  readonly clock: Clock
  /** @throws HoldlineError ERR_LISTEN_* */
  listen(options: ListenOptions, acceptor: Acceptor): Promise<Listener>
  /** Gives back what memory of a burst it keeps for the next. Called every few seconds. */
  trim?(): void
}
