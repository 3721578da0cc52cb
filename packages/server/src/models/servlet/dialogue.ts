// The dialogue of one connection: requests come in, each is answered once, several times, or not at all. What a
// handler answers at once is sent at once, with nothing allocated; what takes longer is at the desk.

import type { SendResult } from '../../connection/connection.ts'
import type { HeldConnection } from '../../connection/held-connection.ts'
import { isPromise } from '../../connection/lane.ts'
import type { ErrorCode } from '../../protocol/errors.ts'
import type { Call } from './call.ts'
import { Desk } from './desk.ts'
import { OpenExchange } from './exchange.ts'
import type { ErrorReply } from './request-error.ts'
import { catalogueReply, RequestError, requestErrorReply } from './request-error.ts'
import type { Envelope, RequestForm, RequestId } from './request-form.ts'
import { Refusal } from './request-form.ts'
import { goesOn, iteratorOf } from './several.ts'

type Handler = (message: unknown, exchange: OpenExchange<unknown, unknown>) => unknown

/** What all dialogues of a route share. */
export class Service {
  readonly handler: Handler
  readonly form: RequestForm
  readonly concurrency: number
  /** null: none. */
  readonly deadlineMs: number | null
  /** How handlers see a connection. */
  readonly seenAs: (c: HeldConnection) => unknown
  /** Bytes are borrowed until a handler returns, which is too soon for one that goes on behind that. */
  keepsBytes: boolean

  constructor(
    handler: Handler,
    form: RequestForm,
    concurrency: number,
    deadlineMs: number | null,
    seenAs: (c: HeldConnection) => unknown,
  ) {
    this.handler = handler
    this.form = form
    this.concurrency = concurrency
    this.deadlineMs = deadlineMs
    this.seenAs = seenAs
    this.keepsBytes = goesOn(handler)
  }
}

export class Dialogue {
  readonly connection: HeldConnection
  readonly service: Service
  readonly #seenAs: unknown
  /** For the next request. */
  #exchange: OpenExchange<unknown, unknown> | null = null
  /** From the first request on that is not answered at once. */
  #desk: Desk | null = null

  constructor(connection: HeldConnection, service: Service) {
    this.connection = connection
    this.service = service
    this.#seenAs = service.seenAs(connection)
  }

  message(data: string | Uint8Array): void {
    if (this.#desk === null) this.take(data)
    else this.#desk.lane.message(data)
  }

  drained(): void {
    this.#desk?.drained()
  }

  closed(): void {
    this.#desk?.closed()
  }

  /** A message in its turn. */
  take(data: string | Uint8Array): void {
    const { form, keepsBytes } = this.service
    const read = form.read(keepsBytes && typeof data !== 'string' ? data.slice() : data)
    const sent = read instanceof Refusal ? this.#turnAway(read) : this.#begin(read)
    // A reply that has to wait keeps the next request waiting, where there is a lane for it to wait in.
    if (sent === 'queued') this.#desk?.keepPlaceUntilRoom()
  }

  #turnAway({ answer, error }: Refusal): SendResult {
    if (error !== undefined) this.connection.report('ERR_REQUEST_FAILED', error)
    return this.connection.send(answer)
  }

  #begin(read: unknown): SendResult | null {
    const desk = this.#desk
    let id: RequestId
    let message = read
    if (this.service.form.hasIds) {
      ;({ id, message } = read as Envelope)
      if (desk !== null && desk.has(id)) return this.refuseFor('ERR_REQUEST_ID', id)
    }
    if (desk !== null && desk.isFull) {
      desk.wait(id, message)
      return null
    }
    return this.run(id, message, null)
  }

  /**
   * Calls the handler. Null: it goes on behind its return, at the desk; else what became of the reply. `call`: the
   * request has been at the desk before.
   */
  run(id: RequestId, message: unknown, call: Call | null): SendResult | null {
    const exchange = (this.#exchange ??= this.#newExchange())
    let answer: unknown
    try {
      answer = this.service.handler(message, exchange)
      if (typeof answer === 'object' && answer !== null) {
        if (isPromise(answer)) {
          this.#atDesk(id, exchange, call).waitFor(answer)
          return null
        }
        const iterator = iteratorOf(answer)
        if (iterator !== null) {
          this.#atDesk(id, exchange, call).sendAll(iterator)
          return null
        }
      }
    } catch (error) {
      if (!exchange.isUnused) this.#exchange = null
      return this.refuse(id, error, exchange)
    }
    if (!exchange.isUnused) this.#exchange = null
    return this.reply(id, answer, exchange)
  }

  #atDesk(id: RequestId, exchange: OpenExchange<unknown, unknown>, call: Call | null): Call {
    this.service.keepsBytes = true
    this.#exchange = null
    const desk = (this.#desk ??= new Desk(this))
    return desk.begin(id, exchange, call)
  }

  #newExchange(): OpenExchange<unknown, unknown> {
    const exchange = new OpenExchange(this.connection, this.#seenAs)
    if (this.#desk !== null && this.#desk.isClosed) exchange.abort(this.#desk.closedReason)
    return exchange
  }

  /** A request is over; its exchange may serve the next one. */
  giveBack(exchange: OpenExchange<unknown, unknown>): void {
    if (exchange.isUnused) this.#exchange ??= exchange
  }

  /** The one reply of a request; `undefined` is none. */
  reply(id: RequestId, answer: unknown, exchange: OpenExchange<unknown, unknown>): SendResult {
    if (answer === undefined) return this.end(id)
    let text: string | Uint8Array
    try {
      text = this.service.form.reply(id, answer)
    } catch (error) {
      return this.refuse(id, error, exchange)
    }
    return this.connection.send(text)
  }

  /** Nothing more comes. */
  end(id: RequestId): SendResult {
    const text = this.service.form.end(id)
    return text === null ? 'sent' : this.connection.send(text)
  }

  /** Answers a request whose handler failed. */
  refuse(id: RequestId, error: unknown, exchange: OpenExchange<unknown, unknown>): SendResult {
    if (error instanceof RequestError) {
      try {
        return this.#sendError(id, requestErrorReply(error))
      } catch (cause) {
        return this.refuse(id, cause, exchange)
      }
    }
    this.report(error, exchange)
    return this.refuseFor('ERR_REQUEST_FAILED', id)
  }

  refuseFor(code: ErrorCode, id: RequestId): SendResult {
    return this.#sendError(id, catalogueReply(code))
  }

  #sendError(id: RequestId, error: ErrorReply): SendResult {
    return this.connection.send(this.service.form.error(id, error))
  }

  /** Tells the operator of an error; a handler that ends because it was told to has not failed. */
  report(error: unknown, exchange: OpenExchange<unknown, unknown>): void {
    if (exchange.isOwnEnd(error) || error instanceof RequestError) return
    this.connection.report('ERR_REQUEST_FAILED', error)
  }
}
