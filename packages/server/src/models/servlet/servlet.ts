// The servlet model: a function from request to reply, called once for each message, as a servlet is for each request
// of HTTP. The upgrade is a request of its own, before the dialogue.

import { buildRoute } from '../../connection/build-route.ts'
import type { Behavior, Connection } from '../../connection/connection.ts'
import type { Contract, In, Out } from '../../connection/contract.ts'
import type { HeldConnection } from '../../connection/held-connection.ts'
import { typedView } from '../../connection/message-view.ts'
import type { Route } from '../../connection/route.ts'
import type { TypedConnection } from '../../connection/typed-connection.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import { Dialogue, Service } from './dialogue.ts'
import type { ServletHandler, ServletOptions } from './handlers.ts'
import { envelopeForm, plainForm } from './request-form.ts'

/**
 * A route whose messages are requests: text and bytes, answered with text and bytes in their order.
 *
 * TypeScript infers the type of `exchange.data` from `upgrade` where that names the type of its parameter:
 * `upgrade: (request: UpgradeRequest) => …`.
 *
 * @throws HoldlineError ERR_OPTION_INVALID
 */
export function servlet<Data = undefined>(
  handler: ServletHandler<string | Uint8Array, string | Uint8Array, Connection<Data>, Data>,
  options?: ServletOptions<Data> & { readonly concurrency?: 1 },
): Route<Data>
/** A route whose requests have ids, any JSON under `data`, both ways. */
export function servlet<Data = undefined>(
  handler: ServletHandler<unknown, unknown, Connection<Data>, Data>,
  options: ServletOptions<Data> & { readonly concurrency: number },
): Route<Data>
/** A route whose requests and replies are those of a contract: validated both ways, JSON on the wire. */
export function servlet<C extends Contract, Data = undefined>(
  agreed: C,
  handler: ServletHandler<In<C>, Out<C>, TypedConnection<C, Data>, Data>,
  options?: ServletOptions<Data>,
): Route<Data>
export function servlet(
  first: Contract | AnyHandler,
  second?: AnyHandler | ServletOptions,
  third?: ServletOptions,
): Route {
  if (typeof first === 'function') return routeOf(null, first, second as ServletOptions | undefined)
  return routeOf(first, second as AnyHandler, third)
}

type AnyHandler = ServletHandler<never, unknown, never, never>

function routeOf(
  agreed: Contract | null,
  handler: AnyHandler,
  options: ServletOptions = {},
): Route {
  const concurrency = whole('concurrency', options.concurrency ?? 1)
  const deadlineMs =
    options.deadlineMs === undefined ? null : whole('deadlineMs', options.deadlineMs)
  const form = concurrency === 1 ? plainForm(agreed) : envelopeForm(agreed)
  const service = new Service(handler as never, form, concurrency, deadlineMs, viewOf(agreed))
  return buildRoute('servlet', options, behaviorOf(service))
}

/** How handlers see a connection. */
function viewOf(agreed: Contract | null): (c: HeldConnection) => unknown {
  if (agreed === null) return (c) => c
  const view = typedView(agreed)
  return (c) => view.connection(c)
}

function behaviorOf(service: Service): Behavior {
  return {
    message: (connection, data) => {
      const c = connection as HeldConnection
      c.model ??= new Dialogue(c, service)
      ;(c.model as Dialogue).message(data)
    },
    drain: (connection) => dialogueIfAny(connection)?.drained(),
    close: (connection) => dialogueIfAny(connection)?.closed(),
  }
}

function dialogueIfAny(connection: Connection): Dialogue | null {
  return (connection as HeldConnection).model as Dialogue | null
}

function whole(name: 'concurrency' | 'deadlineMs', value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new HoldlineError('ERR_OPTION_INVALID', `${name} is ${value}, not a whole number from 1`)
}
