// The queue of one connection: serial, so its messages stay in order whatever queue it targets. It holds the line
// back while messages wait. A connection has one only while a handler waits or is waited for.

import type { HeldConnection } from '../../connection/held-connection.ts'
import { PausedBy } from '../../connection/held-connection.ts'
import { MAX_WAITING, MAX_WAITING_BYTES } from '../../connection/lane.ts'
import { DispatchQueue } from './dispatch-queue.ts'
import type { Scheduler } from './scheduler.ts'
import { Work } from './work.ts'

type Message = string | Uint8Array

/** What the queues of a route's connections share. */
export interface RouteHandlers {
  /** Calls the handler of a message. */
  handle(c: HeldConnection, message: Message): unknown
  /** Nothing waits or is under way any more: the connection need not keep its queue. */
  idle(c: HeldConnection): void
}

export class ConnectionQueue extends DispatchQueue {
  readonly #connection: HeldConnection
  readonly #handlers: RouteHandlers
  #waitingMessages = 0
  #waitingBytes = 0
  /** A handler failed: what waits is not run, but for `close`. */
  #isStopped = false

  constructor(
    connection: HeldConnection,
    handlers: RouteHandlers,
    scheduler: Scheduler,
    target: DispatchQueue | null,
  ) {
    super(scheduler, 1, target === null ? alone : { target })
    this.#connection = connection
    this.#handlers = handlers
  }

  /** Runs the handler when its turn comes, with a copy of the message. */
  message(message: Message): void {
    if (this.#isStopped) return
    const own = typeof message === 'string' ? message : message.slice()
    this.#waitingMessages++
    this.#waitingBytes += own.length
    if (this.#waitingMessages >= MAX_WAITING || this.#waitingBytes >= MAX_WAITING_BYTES) {
      this.#connection.pauseFor(PausedBy.MODEL)
    }
    this.add(new MessageWork(this, own))
  }

  /** Runs a step when its turn comes. */
  step(step: () => unknown): void {
    this.add(new StepWork(this, step))
  }

  /** Waits for what a handler returned that ran at once, on targets that it holds already. */
  wait(promise: PromiseLike<unknown>): void {
    this.join()
    Promise.resolve(promise).then(
      () => this.leave(),
      (error: unknown) => {
        this.fail(error)
        this.leave()
      },
    )
  }

  override leave(): void {
    super.leave()
    if (this.isIdle) this.#handlers.idle(this.#connection)
  }

  /** For MessageWork: its turn has come. */
  run(message: Message): unknown {
    this.#waitingMessages--
    this.#waitingBytes -= message.length
    if (this.#waitingMessages === 0) this.#connection.resumeFor(PausedBy.MODEL)
    return this.#isStopped ? undefined : this.#handlers.handle(this.#connection, message)
  }

  fail(error: unknown): void {
    this.#isStopped = true
    this.#connection.fail('ERR_HANDLER', error)
  }
}

/** Options of a queue without a target; shared, so that a connection's costs no more than itself. */
const alone = {}

/** What waits in the queue of a connection; its failure ends the connection. */
abstract class ConnectionWork extends Work {
  protected readonly of: ConnectionQueue

  constructor(of: ConnectionQueue) {
    super(of)
    this.of = of
  }

  failed(error: unknown): void {
    this.of.fail(error)
  }
}

class MessageWork extends ConnectionWork {
  readonly #message: Message

  constructor(of: ConnectionQueue, message: Message) {
    super(of)
    this.#message = message
  }

  run(): unknown {
    return this.of.run(this.#message)
  }
}

/** `open`, or `close`. */
class StepWork extends ConnectionWork {
  readonly #step: () => unknown

  constructor(of: ConnectionQueue, step: () => unknown) {
    super(of)
    this.#step = step
  }

  run(): unknown {
    return this.#step()
  }
}
