// How a program's handlers are called, whatever the model: with the connection and the message as the route sees them,
// their bytes theirs, their failures told. When they are called, and what waits for them, is not known here.

import type { HeldConnection } from './held-connection.ts'
import { isAsync, isPromise } from './is-promise.ts'
import type { MessageView } from './message-view.ts'
import { UNFIT } from './message-view.ts'

/** What is called here of a program's functions. */
export interface ProgramFunctions<C, M> {
  message?(connection: C, message: M): unknown
  /** One of the others threw or rejected. */
  error?(connection: C, error: unknown): void
}

export abstract class ProgramHandlers<C, M> {
  /** null: connections and messages are seen as they are. */
  protected readonly view: MessageView<C, M> | null
  readonly #functions: ProgramFunctions<C, M>
  /** Bytes are borrowed until a handler returns, which is too soon for one that goes on behind an `await`. */
  #keepsBytes: boolean

  constructor(functions: ProgramFunctions<C, M>, view: MessageView<C, M> | null) {
    this.#functions = functions
    this.view = view
    this.#keepsBytes = isAsync((functions as { readonly message?: unknown }).message)
  }

  abstract seenAs(c: HeldConnection): C

  /** A handler other than that of messages. */
  run(c: HeldConnection, step: () => unknown): unknown {
    try {
      const result = step()
      return isPromise(result) ? this.#watched(c, result) : undefined
    } catch (error) {
      return this.#failed(c, error)
    }
  }

  /** The handler of messages; as `run`, without a closure for each (`npm run bench`: echo). */
  handle(c: HeldConnection, data: string | Uint8Array): unknown {
    try {
      const own = this.#keepsBytes && typeof data !== 'string' ? data.slice() : data
      const message = this.view === null ? (own as M) : this.view.message(c, own)
      if (message === UNFIT) return undefined
      const result = this.#functions.message?.(this.seenAs(c), message)
      if (!isPromise(result)) return undefined
      this.#keepsBytes = true
      return this.#watched(c, result)
    } catch (error) {
      return this.#failed(c, error)
    }
  }

  #watched(c: HeldConnection, promise: PromiseLike<unknown>): PromiseLike<unknown> {
    if (this.#functions.error === undefined) return promise
    return promise.then(undefined, (error: unknown) => this.#failed(c, error))
  }

  /** Tells the program of a failed handler, and hands the failure on. Where telling fails too, both are handed on. */
  #failed(c: HeldConnection, error: unknown): never {
    try {
      this.#functions.error?.(this.seenAs(c), error)
    } catch (cause) {
      const both = [error, cause]
      throw new AggregateError(both, 'A handler failed, and so did the error handler', { cause })
    }
    throw error
  }
}
