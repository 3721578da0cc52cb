// The callbacks model: functions that are called as things happen (Tornado, Twisted, the browser). They may be
// asynchronous; the lane keeps their order and holds the line back.

import type { Behavior, Connection } from '../../connection/connection.ts'
import { buildRoute } from '../../connection/build-route.ts'
import type { Contract } from '../../connection/contract.ts'
import type { HeldConnection } from '../../connection/held-connection.ts'
import { isAsync, isPromise, Lane } from '../../connection/lane.ts'
import type { MessageView } from '../../connection/message-view.ts'
import { typedView, UNFIT } from '../../connection/message-view.ts'
import type { Route } from '../../connection/route.ts'
import type { CallbackFunctions, CallbackHandlers, TypedCallbackHandlers } from './handlers.ts'

/** A route from plain handlers. */
export function callbacks<Data = undefined>(handlers: CallbackHandlers<Data>): Route<Data>
/** A route whose messages are those of a contract: validated both ways, JSON on the wire. */
export function callbacks<C extends Contract, Data = undefined>(
  agreed: C,
  handlers: TypedCallbackHandlers<C, Data>,
): Route<Data>
export function callbacks<Data>(
  first: Contract | CallbackHandlers<Data>,
  second?: TypedCallbackHandlers<Contract, Data>,
): Route<Data> {
  if (second === undefined) {
    const handlers = first as CallbackHandlers<Data>
    const behavior = behaviorOf<Connection<Data>, string | Uint8Array>(handlers, null)
    return buildRoute('callbacks', handlers, behavior)
  }
  const behavior = behaviorOf(second, typedView<Contract, Data>(first as Contract))
  return buildRoute('callbacks', second, behavior)
}

/** What the model keeps for a connection; nothing for plain connections whose handlers are synchronous. */
interface Held<C> {
  readonly seenAs: C
  lane: Lane | null
}

/** Without a view, connections and messages are seen as they are. */
function behaviorOf<C, M>(
  functions: CallbackFunctions<C, M>,
  view: MessageView<C, M> | null,
): Behavior {
  const heldOf = (c: HeldConnection): Held<C> => {
    c.model ??= { seenAs: view === null ? c : view.connection(c), lane: null }
    return c.model as Held<C>
  }
  const seenAs = (c: HeldConnection): C => (view === null ? (c as C) : heldOf(c).seenAs)
  /** The lane of a connection, built when its first handler returns a promise. */
  const laneOf = (c: HeldConnection): Lane => (heldOf(c).lane ??= new Lane(c, handle))

  /** Tells the program of a failed handler, and hands the failure on to the core. */
  const failed = (c: HeldConnection, error: unknown): never => {
    if (functions.error) tell((failure) => functions.error!(seenAs(c), failure), error)
    throw error
  }
  const watched = (c: HeldConnection, promise: PromiseLike<unknown>): PromiseLike<unknown> =>
    functions.error === undefined
      ? promise
      : promise.then(undefined, (error: unknown) => failed(c, error))

  const run = (c: HeldConnection, step: () => unknown): unknown => {
    try {
      const result = step()
      return isPromise(result) ? watched(c, result) : undefined
    } catch (error) {
      return failed(c, error)
    }
  }
  // Bytes are borrowed until a handler returns, which is too soon for one that goes on behind an `await`.
  let keepsBytes = isAsync((functions as { readonly message?: unknown }).message)
  // As `run`, without a closure for every message (`npm run bench`: echo).
  const handle = (c: HeldConnection, data: string | Uint8Array): unknown => {
    try {
      const own = keepsBytes && typeof data !== 'string' ? data.slice() : data
      const message = view === null ? (own as M) : view.message(c, own)
      if (message === UNFIT) return undefined
      const result: unknown = functions.message?.(seenAs(c), message)
      if (!isPromise(result)) return undefined
      keepsBytes = true
      return watched(c, result)
    } catch (error) {
      return failed(c, error)
    }
  }

  return {
    open: (connection) => {
      const c = connection as HeldConnection
      if (functions.open === undefined) return
      const result = run(c, () => functions.open!(seenAs(c)))
      if (isPromise(result)) laneOf(c).hold(result)
    },
    message: (connection, data) => {
      const c = connection as HeldConnection
      const lane = laneIfBuilt(c)
      if (lane !== null) {
        lane.message(data)
        return
      }
      const result = handle(c, data)
      if (isPromise(result)) laneOf(c).hold(result)
    },
    // Not in the lane: a handler that awaits room to send would wait for itself.
    drain: (connection) => {
      const c = connection as HeldConnection
      failLater(
        c,
        run(c, () => functions.drain?.(seenAs(c))),
      )
    },
    close: (connection, code, reason) => {
      const c = connection as HeldConnection
      const last = (): unknown => run(c, () => functions.close?.(seenAs(c), code, reason))
      const lane = laneIfBuilt(c)
      if (lane === null) failLater(c, last())
      else lane.close(last)
    },
  }
}

function laneIfBuilt(c: HeldConnection): Lane | null {
  return (c.model as Held<unknown> | null)?.lane ?? null
}

/** For what is not in the lane: a rejection ends the connection all the same. */
function failLater(c: HeldConnection, result: unknown): void {
  if (!isPromise(result)) return
  result.then(undefined, (error: unknown) => c.fail('ERR_HANDLER', error))
}

/** Calls a program's `error`; where that fails too, both errors are handed on. */
function tell(onError: (error: unknown) => void, error: unknown): void {
  try {
    onError(error)
  } catch (cause) {
    const both = [error, cause]
    throw new AggregateError(both, 'A handler failed, and so did the error handler', { cause })
  }
}
