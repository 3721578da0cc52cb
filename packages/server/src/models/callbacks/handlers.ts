// The functions that a program gives a route of the callbacks model.

import type { Connection } from '../../connection/connection.ts'
import type { Contract, In } from '../../connection/contract.ts'
import type { RouteOptions } from '../../connection/route.ts'
import type { TypedConnection } from '../../connection/typed-connection.ts'

/** A handler may return a promise: the next message of this connection then waits for it. */
type Handled = void | Promise<unknown>

/** Handlers of a connection `C` whose messages are `M`. */
export interface CallbackFunctions<C, M> {
  /** The line is open. Messages wait until it is done. */
  open?(connection: C): Handled
  /**
   * A message came. Bytes belong to an `async` function; to any other they are borrowed until it returns, and must
   * be copied to be kept.
   */
  message?(connection: C, message: M): Handled
  /** Less than `limits.lowWaterBytes` wait to be sent again. Called at once, even while a handler runs. */
  drain?(connection: C): Handled
  /** Once, after everything else. */
  close?(connection: C, code: number, reason: string): Handled
  /** One of the above threw or rejected. The connection is closed with 1011 after this returns. */
  error?(connection: C, error: unknown): void
}

export type CallbackHandlers<Data = unknown> = RouteOptions<Data> &
  CallbackFunctions<Connection<Data>, string | Uint8Array>

export type TypedCallbackHandlers<C extends Contract, Data = unknown> = RouteOptions<Data> &
  CallbackFunctions<TypedConnection<C, Data>, In<C>>
