// The callbacks model: functions that are called as things happen (Tornado, Twisted, the browser). They may be
// asynchronous; the lane keeps their order and holds the line back.

import type { Behavior, Connection } from '../../connection/connection.ts'
import { buildRoute } from '../../connection/build-route.ts'
import type { Contract } from '../../connection/contract.ts'
import type { HeldConnection } from '../../connection/held-connection.ts'
import { isPromise, Lane } from '../../connection/lane.ts'
import type { MessageView } from '../../connection/message-view.ts'
import { typedView } from '../../connection/message-view.ts'
import { ProgramHandlers } from '../../connection/program-handlers.ts'
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

class CalledHandlers<C, M> extends ProgramHandlers<C, M> {
  readonly #handle = (c: HeldConnection, data: string | Uint8Array): unknown => this.handle(c, data)

  seenAs(c: HeldConnection): C {
    return this.view === null ? (c as C) : this.#heldOf(c).seenAs
  }

  /** The lane of a connection, built when its first handler returns a promise. */
  laneOf(c: HeldConnection): Lane {
    return (this.#heldOf(c).lane ??= new Lane(c, this.#handle))
  }

  #heldOf(c: HeldConnection): Held<C> {
    const { view } = this
    c.model ??= { seenAs: view === null ? c : view.connection(c), lane: null }
    return c.model as Held<C>
  }
}

/** Without a view, connections and messages are seen as they are. */
function behaviorOf<C, M>(
  functions: CallbackFunctions<C, M>,
  view: MessageView<C, M> | null,
): Behavior {
  const program = new CalledHandlers(functions, view)
  return {
    open: (connection) => {
      const c = connection as HeldConnection
      if (functions.open === undefined) return
      const result = program.run(c, () => functions.open!(program.seenAs(c)))
      if (isPromise(result)) program.laneOf(c).hold(result)
    },
    message: (connection, data) => {
      const c = connection as HeldConnection
      const lane = laneIfBuilt(c)
      if (lane !== null) {
        lane.message(data)
        return
      }
      const result = program.handle(c, data)
      if (isPromise(result)) program.laneOf(c).hold(result)
    },
    // Not in the lane: a handler that awaits room to send would wait for itself.
    drain: (connection) => {
      const c = connection as HeldConnection
      failLater(
        c,
        program.run(c, () => functions.drain?.(program.seenAs(c))),
      )
    },
    close: (connection, code, reason) => {
      const c = connection as HeldConnection
      const last = (): unknown =>
        program.run(c, () => functions.close?.(program.seenAs(c), code, reason))
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
