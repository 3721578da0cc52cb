// A route: the behavior of a path and what is set for it. Models build routes; the server serves them.

import type { DeflateOptions } from '../protocol/deflate-parameters.ts'
import type { Behavior } from './connection.ts'
import type { Limits } from './limits.ts'
import type { UpgradeRequest } from './upgrade-request.ts'
import type { WorkerMesh } from './worker-mesh.ts'

/**
 * When the other side is asked whether it is still there. A line that is paused is not asked; one that is paused and
 * takes nothing of what is sent for both times together is closed with 1013.
 */
export interface Keepalive {
  /** Silence after which a ping is sent, in milliseconds. Default 25,000. */
  readonly pingMs: number
  /** Silence after the ping until the line is cut, in milliseconds. Default 20,000. */
  readonly timeoutMs: number
}

/** What an `upgrade` function answers: data for the connection, or a refusal. */
export type UpgradeAnswer<Data> =
  | {
      /** So that `{}` and a refusal may stand in one function. */
      readonly refuse?: undefined
      readonly data?: Data
      readonly subprotocol?: string
      readonly headers?: Record<string, string>
    }
  | { readonly refuse: number; readonly reason?: string; readonly headers?: Record<string, string> }

/** What may be set for a route, whatever its model. */
export interface RouteOptions<Data = unknown> {
  /**
   * Judges the request before the handshake, sync or async. Messages that come meanwhile are held. Nothing
   * returned accepts; a throw answers 500.
   */
  readonly upgrade?: (
    request: UpgradeRequest,
  ) => UpgradeAnswer<Data> | void | Promise<UpgradeAnswer<Data> | void>
  readonly limits?: Partial<Limits>
  /**
   * Which origins a browser may connect from. `'same-host'` (the default): the host that it connected to. A
   * list: exactly these, such as `https://example.com`. `'any'`: all. Requests without Origin always pass.
   */
  readonly origins?:
    | 'same-host'
    | 'any'
    | readonly string[]
    | ((origin: string, request: UpgradeRequest) => boolean)
  /** Subprotocols in order of preference, or a function called exactly once with what was offered. */
  readonly subprotocols?:
    | readonly string[]
    | ((offered: readonly string[], request: UpgradeRequest) => string | null)
  /** permessage-deflate; off by default. `true` takes the default parameters. */
  readonly deflate?: boolean | DeflateOptions
  /** `false`: no pings. */
  readonly keepalive?: Partial<Keepalive> | false
}

export interface Route<Data = unknown> extends RouteOptions<Data> {
  readonly behavior: Behavior<Data>
  /** Name of the programming model, for statistics and logs. */
  readonly model: string
  /** Called once when the server starts in one of several workers, before it listens: the route talks with the others. */
  readonly join?: (mesh: WorkerMesh) => void
  /**
   * Called once where `join` was: the server's connections are closed, and its process is about to end. What the route has
   * for the other workers ends in order and tells them so. The server waits, but not much longer than this time.
   */
  readonly leave?: (withinMs: number) => Promise<void>
}
