// What a program gives a route of the servlet model: a function that answers requests, and how it is called.

import type { RouteOptions } from '../../connection/route.ts'
import type { Exchange } from './exchange.ts'

/** Several replies, one after the other; `undefined` among them is none. An array is no iterator: it is one reply. */
export type Replies<R> = AsyncIterable<R | undefined> | IterableIterator<R | undefined>

/** One reply, several, or none. */
export type Answer<R> = R | undefined | void | Replies<R>

/**
 * Called once for each request. Bytes belong to a function that is `async` or a generator; to any other they are
 * borrowed until it returns, and must be copied to be kept.
 */
export type ServletHandler<M, R, C, Data> = (
  message: M,
  exchange: Exchange<C, Data>,
) => Answer<R> | Promise<Answer<R>>

export interface ServletOptions<Data = unknown> extends RouteOptions<Data> {
  /**
   * How many requests of one connection are handled at once. Default 1: one after the other, messages are requests
   * and replies leave in their order. Above 1: requests and replies are JSON with ids, `{ "id": …, "data": … }`.
   */
  readonly concurrency?: number
  /**
   * Milliseconds until a request that is not answered is given up, counted from its turn to its last reply; up to
   * 250 ms late. Default: none.
   */
  readonly deadlineMs?: number
}
