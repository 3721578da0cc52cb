// The lane of a connection: it runs handlers that may be asynchronous one at a time (or, where it is wider, some at a
// time), begins them in order, and holds the line back while they are behind. Nothing is allocated for a connection
// whose handlers return at once.

import type { HeldConnection } from './held-connection.ts'
import { PausedBy } from './held-connection.ts'
import { isPromise } from './is-promise.ts'

export { isAsync, isPromise } from './is-promise.ts'

/** Messages and bytes that may wait behind a handler, in any model, before the line is paused. */
export const MAX_WAITING = 16
export const MAX_WAITING_BYTES = 65_536

/** What waits: a message, or a step such as `close` that comes after all of them. */
type Waiting = string | Uint8Array | (() => unknown)

/**
 * How a handler is called with a message; its promise, if it returns one, holds the next message back. Without a
 * promise it may hold it back too: by `enter`, until `leave`.
 */
export type LaneHandler = (c: HeldConnection, message: string | Uint8Array) => unknown

export class Lane {
  readonly #connection: HeldConnection
  readonly #handler: LaneHandler
  readonly #width: number
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #running = 0
  #isStopped = false
  #abort: AbortController | null = null

  /** `width`: how many handlers may run at once. */
  constructor(connection: HeldConnection, handler: LaneHandler, width = 1) {
    this.#connection = connection
    this.#handler = handler
    this.#width = width
  }

  /** Aborted when the connection closes; built when first asked for. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    return this.#abort.signal
  }

  /** Runs the handler now, or keeps a copy of the message until its turn. */
  message(message: string | Uint8Array): void {
    if (this.#isStopped) return
    if (this.#running < this.#width && this.#waiting.length === 0) {
      this.#run(message)
      return
    }
    this.#waiting.push(typeof message === 'string' ? message : message.slice())
    this.#waitingBytes += message.length
    if (this.#waiting.length >= MAX_WAITING || this.#waitingBytes >= MAX_WAITING_BYTES) {
      this.#connection.pauseFor(PausedBy.MODEL)
    }
  }

  /** Runs a step in its turn: after everything that waits, and alone. */
  step(step: () => unknown): void {
    if (this.#running > 0 || this.#waiting.length > 0) this.#waiting.push(step)
    else this.#run(step)
  }

  /** The connection is gone: tells the running handler, and runs `last` when its turn comes. */
  close(last: () => unknown): void {
    this.#abort?.abort(new DOMException('The connection is closed', 'AbortError'))
    if (this.#isStopped) this.#waiting = []
    this.#isStopped = true
    this.step(last)
  }

  /** Waits for a promise as if a handler had returned it. */
  hold(promise: PromiseLike<unknown>): void {
    this.#running++
    promise.then(this.leave, this.#rejected)
  }

  /** A handler goes on after its return, without a promise: it keeps its place until `leave`. */
  enter(): void {
    this.#running++
  }

  #run(what: Waiting): void {
    if (typeof what === 'function') {
      const result = what()
      if (isPromise(result)) this.hold(this.#alone(result))
    } else {
      const result = this.#handler(this.#connection, what)
      if (isPromise(result)) this.hold(result)
    }
  }

  /** Takes all places but one until the promise has settled. */
  #alone(promise: PromiseLike<unknown>): PromiseLike<unknown> {
    const others = this.#width - 1
    if (others === 0) return promise
    this.#running += others
    return Promise.resolve(promise).finally(() => (this.#running -= others))
  }

  /** A place is free. Never called before the handler that took it has returned. */
  readonly leave = (): void => {
    this.#running--
    // A loop, not recursion: a long queue of handlers that return at once must not grow the stack.
    while (this.#running < this.#width && this.#waiting.length > 0) {
      const next = this.#waiting[0]!
      if (typeof next === 'function' && this.#running > 0) break
      this.#waiting.shift()
      if (typeof next !== 'function') this.#waitingBytes -= next.length
      try {
        this.#run(next)
      } catch (error) {
        this.#fail(error)
      }
    }
    if (this.#waiting.length === 0) this.#connection.resumeFor(PausedBy.MODEL)
  }

  readonly #rejected = (error: unknown): void => {
    this.#fail(error)
    this.leave()
  }

  /** The messages behind a failed one are not run: the connection is closing with 1011. */
  #fail(error: unknown): void {
    this.#isStopped = true
    this.#waiting = this.#waiting.filter((next) => typeof next === 'function')
    this.#waitingBytes = 0
    // A handler that ends because it was told to has not failed.
    if (this.#abort?.signal.aborted === true && isAbortError(error)) return
    this.#connection.fail('ERR_HANDLER', error)
  }
}

function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
