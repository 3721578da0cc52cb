// The CSP model: a task for each connection, which receives and sends as its code says, from its first line to its
// return. Where it stands in its code is the state of the conversation.

import type { Behavior, Connection } from '../../connection/connection.ts'
import { buildRoute } from '../../connection/build-route.ts'
import { Contract } from '../../connection/contract.ts'
import type { In, Out } from '../../connection/contract.ts'
import type { HeldConnection } from '../../connection/held-connection.ts'
import { isPromise } from '../../connection/lane.ts'
import type { MessageView } from '../../connection/message-view.ts'
import { typedView } from '../../connection/message-view.ts'
import type { Route, RouteOptions } from '../../connection/route.ts'
import type { TypedConnection } from '../../connection/typed-connection.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import type { SendChannel } from './channel.ts'
import type { Lifetime } from './context.ts'
import { Context, isEndOf, newLifetime } from './context.ts'
import { LineSink } from './line-sink.ts'
import { LineSource } from './line-source.ts'
import type { ReceiveChannel } from './source.ts'

/** What a task holds of its connection. */
export interface TaskScope<I, O, C> {
  /** Messages, in order; closed when the connection ends. */
  readonly rx: ReceiveChannel<I>
  /** Sends messages, as fast as the other side reads. */
  readonly tx: SendChannel<O>
  /** Ends with the connection. */
  readonly ctx: Context
  readonly connection: C
}

/** Runs from the opening of a connection on. When it returns the connection is closed with 1000. */
export type TaskHandler<I, O, C> = (scope: TaskScope<I, O, C>) => void | Promise<void>

export type TaskOptions<Data = unknown> = RouteOptions<Data>

type Message = string | Uint8Array

/** A route whose connections are tasks. */
export function task<Data = undefined>(
  handler: TaskHandler<Message, Message, Connection<Data>>,
  options?: TaskOptions<Data>,
): Route<Data>
/** A route whose messages are those of a contract: validated both ways, JSON on the wire. */
export function task<C extends Contract, Data = undefined>(
  agreed: C,
  handler: TaskHandler<In<C>, Out<C>, TypedConnection<C, Data>>,
  options?: TaskOptions<Data>,
): Route<Data>
export function task<Data>(
  first: Contract | AnyHandler,
  second?: AnyHandler | TaskOptions<Data>,
  third?: TaskOptions<Data>,
): Route<Data> {
  if (!(first instanceof Contract)) {
    return buildRoute('csp', (second as TaskOptions<Data>) ?? {}, behaviorOf(first, null, null))
  }
  const behavior = behaviorOf(second as AnyHandler, first, typedView<Contract, Data>(first))
  return buildRoute('csp', third ?? {}, behavior)
}

type AnyHandler = TaskHandler<never, unknown, never>

function behaviorOf(
  handler: AnyHandler,
  agreed: Contract | null,
  view: MessageView<unknown, unknown> | null,
): Behavior {
  return {
    open: (connection) => {
      const c = connection as HeldConnection
      const conversation = new Conversation(c, agreed, view)
      c.model = conversation
      const result: unknown = handler(conversation as never)
      if (isPromise(result)) conversation.watch(result)
      else conversation.returned()
    },
    message: (connection, data) => conversationOf(connection).rx.message(data),
    drain: (connection) => conversationOf(connection).tx.drained(),
    close: (connection, code, reason) => conversationOf(connection).end(code, reason),
  }
}

function conversationOf(connection: Connection): Conversation {
  return (connection as HeldConnection).model as Conversation
}

/** A connection and its task. What not every task asks for is built when it does. */
class Conversation implements TaskScope<unknown, unknown, unknown> {
  readonly #connection: HeldConnection
  readonly #view: MessageView<unknown, unknown> | null
  readonly rx: LineSource<unknown>
  readonly tx: LineSink<unknown>
  #seenAs: unknown = null
  #lifetime: Lifetime | null = null
  #ctx: Context | null = null
  /** How the connection ended; null: it has not. */
  #end: string | null = null

  constructor(
    connection: HeldConnection,
    agreed: Contract | null,
    view: MessageView<unknown, unknown> | null,
  ) {
    this.#connection = connection
    this.#view = view
    this.rx = new LineSource(connection, view)
    this.tx = new LineSink(connection, agreed)
  }

  get connection(): unknown {
    if (this.#view === null) return this.#connection
    return (this.#seenAs ??= this.#view.connection(this.#connection))
  }

  get ctx(): Context {
    if (this.#ctx === null) {
      this.#lifetime = newLifetime()
      this.#ctx = new Context(this.#lifetime)
      this.#tellContext()
    }
    return this.#ctx
  }

  watch(running: PromiseLike<unknown>): void {
    running.then(
      () => this.returned(),
      (error: unknown) => this.#failed(error),
    )
  }

  returned(): void {
    this.#connection.close(1000)
  }

  /** First the channels, then the context: who waits in a select with both hears that messages have ended. */
  end(code: number, reason: string): void {
    this.#end = `${code} ${reason}`.trimEnd()
    this.rx.end()
    this.tx.end()
    this.#tellContext()
  }

  #tellContext(): void {
    if (this.#end === null || this.#lifetime === null) return
    const cause = new HoldlineError('ERR_CONNECTION_CLOSED', this.#end)
    this.#lifetime.end('ERR_CONTEXT_CANCELLED', cause)
  }

  #failed(error: unknown): void {
    if (!this.#connection.isOpen && this.#isOwnEnd(error)) return
    this.#connection.fail('ERR_HANDLER', error)
  }

  /** A task that ends because its connection did has not failed. */
  #isOwnEnd(error: unknown): boolean {
    if (error instanceof HoldlineError && error.code === 'ERR_CONNECTION_CLOSED') return true
    return this.#ctx !== null && isEndOf(this.#ctx, error)
  }
}
