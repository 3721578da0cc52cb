// The requests of one connection that are not answered at once: how many there are, who waits for a place, who waits
// for room to send, and what becomes of them when the connection closes.

import { Lane } from '../../connection/lane.ts'
import { Call } from './call.ts'
import type { Dialogue } from './dialogue.ts'
import type { OpenExchange } from './exchange.ts'
import type { RequestId } from './request-form.ts'

/**
 * A place of the lane is a request's turn, and ends with its last reply or its deadline. A handler may outlive that
 * (a straggler). Never do more handlers of a connection live than it has places: where stragglers fill them, a
 * request in its turn waits for one of them to end, and its own deadline runs.
 */
export class Desk {
  readonly dialogue: Dialogue
  readonly lane: Lane
  isClosed = false
  /** Those whose handlers live. */
  readonly #calls: Call[] = []
  /** Those in their turn that wait for a straggler. */
  readonly #behindStragglers: Call[] = []
  /** Those that are not answered, where requests have ids. */
  readonly #byId: Map<RequestId, Call> | null
  #waitingForRoom: (() => void)[] = []
  #closedReason: DOMException | null = null

  constructor(dialogue: Dialogue) {
    const { connection, service } = dialogue
    this.dialogue = dialogue
    this.lane = new Lane(connection, (_, message) => dialogue.take(message), service.concurrency)
    this.#byId = service.form.hasIds ? new Map() : null
  }

  has(id: RequestId): boolean {
    return this.#byId!.has(id)
  }

  /** Whether as many handlers live as may. */
  get isFull(): boolean {
    return this.#calls.length >= this.dialogue.service.concurrency
  }

  /** The handler of a request goes on. */
  begin(id: RequestId, exchange: OpenExchange<unknown, unknown>, waited: Call | null): Call {
    const call = waited ?? this.#call(id)
    call.exchange = exchange
    this.#calls.push(call)
    return call
  }

  /** A request in its turn waits for a straggler to end. */
  wait(id: RequestId, message: unknown): void {
    const call = this.#call(id)
    call.message = message
    this.#behindStragglers.push(call)
  }

  #call(id: RequestId): Call {
    const call = new Call(this, id)
    this.lane.enter()
    this.#byId?.set(id, call)
    const { service, connection } = this.dialogue
    if (service.deadlineMs !== null && !this.isClosed) {
      connection.wheel.schedule(call, service.deadlineMs)
    }
    return call
  }

  /** A request is answered, or given up; once. Its id is free, though its handler may live on. */
  answered(call: Call): void {
    this.#byId?.delete(call.id)
    const at = this.#behindStragglers.indexOf(call)
    if (at >= 0) this.#behindStragglers.splice(at, 1)
  }

  /** A handler has ended. */
  ended(call: Call): void {
    const at = this.#calls.indexOf(call)
    if (at >= 0) this.#calls.splice(at, 1)
    while (this.#behindStragglers.length > 0 && !this.isFull) {
      this.#behindStragglers.shift()!.run()
    }
  }

  /** Calls `f` when there is room to send again, or never will be. */
  whenRoom(f: () => void): void {
    if (this.isClosed) f()
    else this.#waitingForRoom.push(f)
  }

  /** For a request that was answered at once: its place is free when there is room. */
  keepPlaceUntilRoom(): void {
    this.lane.enter()
    this.whenRoom(this.lane.leave)
  }

  drained(): void {
    const waiting = this.#waitingForRoom
    this.#waitingForRoom = []
    for (const goOn of waiting) goOn()
  }

  get closedReason(): DOMException {
    this.#closedReason ??= new DOMException('The connection is closed', 'AbortError')
    return this.#closedReason
  }

  /** The connection is gone. What came before and has not had its turn is still handled, and told so. */
  closed(): void {
    this.isClosed = true
    this.lane.close(() => {})
    for (const call of this.#calls.slice()) call.abandon(this.closedReason)
    this.drained()
  }
}
