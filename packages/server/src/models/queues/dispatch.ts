// The queues model: handlers run on dispatch queues. Each connection is a serial queue, which may target another that
// connections share. A handler whose queue is idle runs at once: no promise, no closure, nothing allocated.

import { buildRoute } from '../../connection/build-route.ts'
import type { Behavior, Connection } from '../../connection/connection.ts'
import type { Contract } from '../../connection/contract.ts'
import type { HeldConnection } from '../../connection/held-connection.ts'
import { isPromise } from '../../connection/lane.ts'
import type { MessageView } from '../../connection/message-view.ts'
import { typedView } from '../../connection/message-view.ts'
import type { Route } from '../../connection/route.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import { ConnectionQueue } from './connection-queue.ts'
import { DispatchQueue } from './dispatch-queue.ts'
import type { DispatchFunctions, DispatchHandlers, TypedDispatchHandlers } from './handlers.ts'
import type { Held } from './queued-handlers.ts'
import { QueuedHandlers } from './queued-handlers.ts'
import { queue as processQueues } from './queues.ts'
import { leaveInline } from './work.ts'

/** A route whose handlers run on queues. */
export function dispatch<Data = undefined>(handlers: DispatchHandlers<Data>): Route<Data>
/** A route whose messages are those of a contract: validated both ways, JSON on the wire. */
export function dispatch<C extends Contract, Data = undefined>(
  agreed: C,
  handlers: TypedDispatchHandlers<C, Data>,
): Route<Data>
export function dispatch<Data>(
  first: Contract | DispatchHandlers<Data>,
  second?: TypedDispatchHandlers<Contract, Data>,
): Route<Data> {
  if (second === undefined) {
    const handlers = first as DispatchHandlers<Data>
    const behavior = behaviorOf<Connection<Data>, string | Uint8Array>(handlers, null)
    return buildRoute('queues', handlers, behavior)
  }
  const behavior = behaviorOf(second, typedView<Contract, Data>(first as Contract))
  return buildRoute('queues', second, behavior)
}

/** Without a view, connections and messages are seen as they are. */
function behaviorOf<C, M>(
  functions: DispatchFunctions<C, M>,
  view: MessageView<C, M> | null,
): Behavior {
  const { queue: chosen = 'connection' } = functions
  const choose = typeof chosen === 'function' ? chosen : null
  const shared = choose === null && chosen !== 'connection' ? dispatchQueueOf(chosen) : null
  const program = new QueuedHandlers(functions, view, shared)
  const { scheduler } = shared ?? dispatchQueueOf(processQueues.main)

  const ownOf = (c: HeldConnection): ConnectionQueue => {
    const held = program.heldOf(c)
    const { target } = held
    held.own ??= new ConnectionQueue(c, program, target?.scheduler ?? scheduler, target)
    return held.own
  }
  /** Whether a handler may run now; it then holds the target, if there is one, until `settle`. */
  const enter = (held: Held<C> | null, target: DispatchQueue | null): boolean => {
    if (held !== null && held.own !== null) return false
    return target === null || target.tryEnter()
  }
  /** The function of a handler that was let in has returned, or thrown. */
  const settle = (c: HeldConnection, target: DispatchQueue | null, result: unknown): void => {
    if (target !== null) leaveInline()
    if (isPromise(result)) ownOf(c).wait(result)
    else if (target !== null) target.leave()
  }
  const step = (c: HeldConnection, f: () => unknown): void => {
    const held = c.model as Held<C> | null
    const target = held === null ? shared : held.target
    if (!enter(held, target)) {
      ownOf(c).step(f)
      return
    }
    let result: unknown
    try {
      result = f()
    } finally {
      settle(c, target, result)
    }
  }

  return {
    open: (connection) => {
      const c = connection as HeldConnection
      if (choose !== null) {
        program.run(
          c,
          () => void (program.heldOf(c).target = dispatchQueueOf(choose(program.seenAs(c)))),
        )
      }
      if (functions.open !== undefined)
        step(c, () => program.run(c, () => functions.open!(program.seenAs(c))))
    },
    message: (connection, data) => {
      const c = connection as HeldConnection
      const held = c.model as Held<C> | null
      const target = held === null ? shared : held.target
      if (!enter(held, target)) {
        ownOf(c).message(data)
        return
      }
      let result: unknown
      try {
        result = program.handle(c, data)
      } finally {
        settle(c, target, result)
      }
    },
    // On no queue: a handler that awaits room to send would wait for itself.
    drain: (connection) => {
      const c = connection as HeldConnection
      const result = program.run(c, () => functions.drain?.(program.seenAs(c)))
      if (!isPromise(result)) return
      result.then(undefined, (error: unknown) => c.fail('ERR_HANDLER', error))
    },
    close: (connection, code, reason) => {
      const c = connection as HeldConnection
      if (functions.close === undefined) return
      step(c, () => program.run(c, () => functions.close!(program.seenAs(c), code, reason)))
    },
  }
}

/** @throws HoldlineError ERR_OPTION_INVALID */
function dispatchQueueOf(queue: unknown): DispatchQueue {
  if (queue instanceof DispatchQueue) return queue
  const detail = "queue of a route is neither 'connection' nor a queue"
  throw new HoldlineError('ERR_OPTION_INVALID', detail)
}
