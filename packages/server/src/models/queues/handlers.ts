// The functions and options that a program gives a route of the queues model.

import type { Connection } from '../../connection/connection.ts'
import type { Contract, In } from '../../connection/contract.ts'
import type { RouteOptions } from '../../connection/route.ts'
import type { TypedConnection } from '../../connection/typed-connection.ts'
import type { Queue } from './queue.ts'

/** A handler may return a promise: it holds its queue until that has settled. */
type Handled = void | Promise<unknown>

/** Handlers of a connection `C` whose messages are `M`. */
export interface DispatchFunctions<C, M> {
  /**
   * Where handlers run. `'connection'` (the default): each connection has a serial queue of its own. A queue: that of
   * each connection targets it. A function: called once for each connection, before `open`, for the queue to target.
   */
  queue?: 'connection' | Queue | ((connection: C) => Queue)
  /** The line is open. Messages wait until it is done. */
  open?(connection: C): Handled
  /**
   * A message came. Bytes belong to an `async` function; to any other they are borrowed until it returns, and must
   * be copied to be kept.
   */
  message?(connection: C, message: M): Handled
  /** Less than `limits.lowWaterBytes` wait to be sent again. Called at once, on no queue. */
  drain?(connection: C): Handled
  /** Once, after everything else. */
  close?(connection: C, code: number, reason: string): Handled
  /** One of the above threw or rejected. The connection is closed with 1011 after this returns. */
  error?(connection: C, error: unknown): void
}

export type DispatchHandlers<Data = unknown> = RouteOptions<Data> &
  DispatchFunctions<Connection<Data>, string | Uint8Array>

export type TypedDispatchHandlers<C extends Contract, Data = unknown> = RouteOptions<Data> &
  DispatchFunctions<TypedConnection<C, Data>, In<C>>
