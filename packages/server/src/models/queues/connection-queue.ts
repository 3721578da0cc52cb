// The queue of one connection: serial, so its messages stay in order whatever queue it targets. It holds the line
// back while messages wait, and ends with the connection. Built when a handler first has to wait or to be waited for.

import type { HeldConnection } from '../../connection/held-connection.ts'
import { PausedBy } from '../../connection/held-connection.ts'
import type { DispatchQueue } from './dispatch-queue.ts'
import { Work } from './work.ts'

/** Messages and bytes that may wait before the line is paused. */
const MAX_WAITING = 16
const MAX_WAITING_BYTES = 65_536

type Message = string | Uint8Array

/** How a handler is called with a message. */
export type MessageHandler = (c: HeldConnection, message: Message) => unknown

export class ConnectionQueue {
  readonly #connection: HeldConnection
  readonly #handler: MessageHandler
  readonly #queue: DispatchQueue
  #waitingCount = 0
  #waitingBytes = 0
  /** A handler failed or the connection is gone: what waits is not run, but for `close`. */
  #isStopped = false

  constructor(connection: HeldConnection, handler: MessageHandler, queue: DispatchQueue) {
    this.#connection = connection
    this.#handler = handler
    this.#queue = queue
  }

  get isIdle(): boolean {
    return this.#queue.isIdle
  }

  /** Runs the handler when its turn comes, with a copy of the message. */
  message(message: Message): void {
    if (this.#isStopped) return
    const own = typeof message === 'string' ? message : message.slice()
    this.#waitingCount++
    this.#waitingBytes += own.length
    if (this.#waitingCount >= MAX_WAITING || this.#waitingBytes >= MAX_WAITING_BYTES) {
      this.#connection.pauseFor(PausedBy.MODEL)
    }
    this.#queue.add(new MessageWork(this.#queue, this, own))
  }

  /** Runs a step when its turn comes. */
  step(step: () => unknown): void {
    this.#queue.add(new StepWork(this.#queue, this, step))
  }

  /** Waits for what a handler returned that ran at once, on targets that it holds already. */
  hold(promise: PromiseLike<unknown>): void {
    this.#queue.join()
    Promise.resolve(promise).then(
      () => this.#queue.leave(),
      (error: unknown) => {
        this.fail(error)
        this.#queue.leave()
      },
    )
  }

  /** For MessageWork: its turn has come. */
  run(message: Message): unknown {
    this.#waitingCount--
    this.#waitingBytes -= message.length
    if (this.#waitingCount === 0) this.#connection.resumeFor(PausedBy.MODEL)
    return this.#isStopped ? undefined : this.#handler(this.#connection, message)
  }

  fail(error: unknown): void {
    this.#isStopped = true
    this.#connection.fail('ERR_HANDLER', error)
  }
}

class MessageWork extends Work {
  readonly #of: ConnectionQueue
  readonly #message: Message

  constructor(queue: DispatchQueue, of: ConnectionQueue, message: Message) {
    super(queue)
    this.#of = of
    this.#message = message
  }

  run(): unknown {
    return this.#of.run(this.#message)
  }

  failed(error: unknown): void {
    this.#of.fail(error)
  }
}

/** `open`, or `close`. */
class StepWork extends Work {
  readonly #of: ConnectionQueue
  readonly #step: () => unknown

  constructor(queue: DispatchQueue, of: ConnectionQueue, step: () => unknown) {
    super(queue)
    this.#of = of
    this.#step = step
  }

  run(): unknown {
    return this.#step()
  }

  failed(error: unknown): void {
    this.#of.fail(error)
  }
}
