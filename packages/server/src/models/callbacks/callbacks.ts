// The callbacks model: functions that are called as things happen (Tornado, Twisted, the browser). They may be
// asynchronous; the lane keeps their order and holds the line back.

import type { Behavior, Connection } from '../../connection/connection.ts'
import type { Contract, In } from '../../connection/contract.ts'
import { invalidMessageAnswer } from '../../connection/contract.ts'
import type { HeldConnection } from '../../connection/held-connection.ts'
import { isPromise, Lane } from '../../connection/lane.ts'
import type { Route, RouteOptions } from '../../connection/route.ts'
import { TypedConnection } from '../../connection/typed-connection.ts'
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
    return routeOf(handlers, behaviorOf<Connection<Data>, string | Uint8Array>(handlers, plain))
  }
  return routeOf(second, behaviorOf(second, typed<Contract, Data>(first as Contract)))
}

/** How a route sees its connections and messages. */
export interface View<C, M> {
  connection(c: HeldConnection): C
  /** undefined: the message was not fit, and has been answered. */
  message(c: HeldConnection, data: string | Uint8Array): { readonly message: M } | undefined
}

const plain: View<never, never> = {
  connection: (c) => c as never,
  message: (_, data) => ({ message: data as never }),
}

function typed<C extends Contract, Data>(agreed: C): View<TypedConnection<C, Data>, In<C>> {
  return {
    connection: (c) => new TypedConnection<C, Data>(c as never, agreed),
    message: (c, data) => {
      const decoded = agreed.decode(data)
      if (decoded.issues === undefined) return { message: decoded.value as In<C> }
      c.send(invalidMessageAnswer(decoded.issues))
      return undefined
    },
  }
}

/** The options of a route out of an object that also has its handlers. */
export function routeOf<Data>(options: RouteOptions<Data>, behavior: Behavior): Route<Data> {
  const { upgrade, limits, origins, subprotocols, deflate, keepalive } = options
  return Object.freeze({
    model: 'callbacks',
    behavior: Object.freeze(behavior),
    ...(upgrade !== undefined && { upgrade: upgrade.bind(options) }),
    ...(limits !== undefined && { limits }),
    ...(origins !== undefined && { origins }),
    ...(subprotocols !== undefined && { subprotocols }),
    ...(deflate !== undefined && { deflate }),
    ...(keepalive !== undefined && { keepalive }),
  }) as Route<Data>
}

/** What the model keeps for a connection; nothing for plain connections whose handlers are synchronous. */
interface Held<C> {
  readonly seenAs: C
  lane: Lane | null
}

function behaviorOf<C, M>(functions: CallbackFunctions<C, M>, view: View<C, M>): Behavior {
  const isPlain = (view as unknown) === plain

  const heldOf = (c: HeldConnection): Held<C> => {
    c.model ??= { seenAs: view.connection(c), lane: null } satisfies Held<C>
    return c.model as Held<C>
  }
  const seenAs = (c: HeldConnection): C => (isPlain ? (c as C) : heldOf(c).seenAs)

  /** Tells the program of a failed handler, and hands the failure on to the core. */
  const failed = (c: HeldConnection, error: unknown): never => {
    functions.error?.(seenAs(c), error)
    throw error
  }
  const run = (c: HeldConnection, handler: () => unknown): unknown => {
    try {
      const result = handler()
      if (!isPromise(result)) return undefined
      return functions.error === undefined
        ? result
        : Promise.resolve(result).catch((error: unknown) => failed(c, error))
    } catch (error) {
      return failed(c, error)
    }
  }
  const handle = (c: HeldConnection, data: string | Uint8Array): unknown => {
    if (functions.message === undefined) return undefined
    return run(c, () => {
      const fit = view.message(c, data)
      return fit === undefined ? undefined : functions.message!(seenAs(c), fit.message)
    })
  }
  /** The lane of a connection, built when its first handler returns a promise. */
  const laneOf = (c: HeldConnection): Lane => (heldOf(c).lane ??= new Lane(c, handle))

  return {
    open: (connection) => {
      const c = connection as HeldConnection
      if (functions.open === undefined) return
      const result = run(c, () => functions.open!(seenAs(c)))
      if (isPromise(result)) laneOf(c).hold(result)
    },
    message: (connection, data) => {
      const c = connection as HeldConnection
      const lane = (c.model as Held<C> | null)?.lane
      if (lane) {
        lane.message(data)
        return
      }
      const result = handle(c, data)
      if (isPromise(result)) laneOf(c).hold(result)
    },
    // Not in the lane: a handler that awaits room to send would wait for itself.
    drain: (connection) => {
      const c = connection as HeldConnection
      const result = run(c, () => functions.drain?.(seenAs(c)))
      if (isPromise(result))
        result.then(undefined, (error: unknown) => c.fail('ERR_HANDLER', error))
    },
    close: (connection, code, reason) => {
      const c = connection as HeldConnection
      const last = (): unknown => run(c, () => functions.close?.(seenAs(c), code, reason))
      const lane = (c.model as Held<C> | null)?.lane
      if (lane) lane.close(last)
      else {
        const result = last()
        if (isPromise(result))
          result.then(undefined, (error: unknown) => c.fail('ERR_HANDLER', error))
      }
    },
  }
}
