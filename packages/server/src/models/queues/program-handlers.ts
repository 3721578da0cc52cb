// How a program's handlers are called: with the connection and the message as the route sees them, their bytes theirs,
// their failures told. Which queue they run on, and when, is not known here.

import type { HeldConnection } from '../../connection/held-connection.ts'
import { isAsync, isPromise } from '../../connection/lane.ts'
import type { MessageView } from '../../connection/message-view.ts'
import { UNFIT } from '../../connection/message-view.ts'
import type { ConnectionQueue, RouteHandlers } from './connection-queue.ts'
import type { DispatchQueue } from './dispatch-queue.ts'
import type { DispatchFunctions } from './handlers.ts'

/** What the model keeps for a connection; nothing for a plain one while none of its handlers waits. */
export interface Held<C> {
  readonly seenAs: C
  target: DispatchQueue | null
  own: ConnectionQueue | null
}

export class ProgramHandlers<C, M> implements RouteHandlers {
  readonly #functions: DispatchFunctions<C, M>
  readonly #view: MessageView<C, M> | null
  readonly #target: DispatchQueue | null
  /** Bytes are borrowed until a handler returns, which is too soon for one that goes on behind an `await`. */
  #keepsBytes: boolean

  /** `target`: of every connection, unless another is set for one. */
  constructor(
    functions: DispatchFunctions<C, M>,
    view: MessageView<C, M> | null,
    target: DispatchQueue | null,
  ) {
    this.#functions = functions
    this.#view = view
    this.#target = target
    this.#keepsBytes = isAsync((functions as { readonly message?: unknown }).message)
  }

  heldOf(c: HeldConnection): Held<C> {
    const view = this.#view
    c.model ??= {
      seenAs: view === null ? c : view.connection(c),
      target: this.#target,
      own: null,
    }
    return c.model as Held<C>
  }

  idle(c: HeldConnection): void {
    const held = c.model as Held<C>
    if (this.#view === null && held.target === this.#target) c.model = null
    else held.own = null
  }

  seenAs(c: HeldConnection): C {
    return this.#view === null ? (c as C) : this.heldOf(c).seenAs
  }

  /** A handler other than that of messages. */
  run(c: HeldConnection, step: () => unknown): unknown {
    try {
      const result = step()
      return isPromise(result) ? this.watched(c, result) : undefined
    } catch (error) {
      return this.failed(c, error)
    }
  }

  /** The handler of messages, without a closure for each. */
  handle(c: HeldConnection, data: string | Uint8Array): unknown {
    try {
      const own = this.#keepsBytes && typeof data !== 'string' ? data.slice() : data
      const message = this.#view === null ? (own as M) : this.#view.message(c, own)
      if (message === UNFIT) return undefined
      const result: unknown = this.#functions.message?.(this.seenAs(c), message)
      if (!isPromise(result)) return undefined
      this.#keepsBytes = true
      return this.watched(c, result)
    } catch (error) {
      return this.failed(c, error)
    }
  }

  private watched(c: HeldConnection, promise: PromiseLike<unknown>): PromiseLike<unknown> {
    if (this.#functions.error === undefined) return promise
    return promise.then(undefined, (error: unknown) => this.failed(c, error))
  }

  /** Tells the program of a failed handler, and hands the failure on. Where telling fails too, both are handed on. */
  private failed(c: HeldConnection, error: unknown): never {
    try {
      this.#functions.error?.(this.seenAs(c), error)
    } catch (cause) {
      const both = [error, cause]
      throw new AggregateError(both, 'A handler failed, and so did the error handler', { cause })
    }
    throw error
  }
}
