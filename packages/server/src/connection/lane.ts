// The lane of a connection: it runs handlers that may be asynchronous one at a time, in order, and holds the
// line back while they are behind. Nothing is allocated for a connection whose handlers return at once.

import type { HeldConnection } from './held-connection.ts'
import { PausedBy } from './held-connection.ts'

/** Messages and bytes that may wait behind a handler before the line is paused. */
const MAX_WAITING = 16
const MAX_WAITING_BYTES = 65_536

/** What waits: a message, or a step such as `close` that comes after all of them. */
type Waiting = string | Uint8Array | (() => unknown)

/** How a handler is called with a message; its promise, if it returns one, holds the next message back. */
export type LaneHandler = (c: HeldConnection, message: string | Uint8Array) => unknown

export class Lane {
  readonly #connection: HeldConnection
  readonly #handler: LaneHandler
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #isRunning = false
  #isStopped = false
  #abort: AbortController | null = null

  constructor(connection: HeldConnection, handler: LaneHandler) {
    this.#connection = connection
    this.#handler = handler
  }

  /** Aborted when the connection closes; built when first asked for. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    return this.#abort.signal
  }

  /** Runs the handler now, or keeps a copy of the message until its turn. */
  message(message: string | Uint8Array): void {
    if (this.#isStopped) return
    if (!this.#isRunning) {
      this.#run(message)
      return
    }
    this.#waiting.push(typeof message === 'string' ? message : message.slice())
    this.#waitingBytes += message.length
    if (this.#waiting.length >= MAX_WAITING || this.#waitingBytes >= MAX_WAITING_BYTES) {
      this.#connection.pauseFor(PausedBy.MODEL)
    }
  }

  /** Runs a step in its turn, after everything that waits. */
  step(step: () => unknown): void {
    if (this.#isRunning) this.#waiting.push(step)
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
    this.#isRunning = true
    promise.then(this.#settled, this.#rejected)
  }

  #run(what: Waiting): void {
    const result = typeof what === 'function' ? what() : this.#handler(this.#connection, what)
    if (isPromise(result)) this.hold(result)
  }

  readonly #settled = (): void => {
    this.#isRunning = false
    // A loop, not recursion: a long queue of handlers that return at once must not grow the stack.
    while (!this.#isRunning && this.#waiting.length > 0) {
      const next = this.#waiting.shift()!
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
    this.#settled()
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

/** Whether a handler returned something to wait for. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  )
}

const AsyncFunction = (async () => {}).constructor

/** Whether a function is declared `async`. */
export function isAsync(f: unknown): boolean {
  return typeof f === 'function' && f.constructor === AsyncFunction
}
