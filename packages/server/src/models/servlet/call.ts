// One request that is not answered at once: its handler's promise, its replies one by one, its deadline, its end.

import type { SendResult } from '../../connection/connection.ts'
import { isPromise } from '../../connection/lane.ts'
import type { WheelEntry } from '../../connection/timing-wheel.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import type { Desk } from './desk.ts'
import type { OpenExchange } from './exchange.ts'
import type { RequestId } from './request-form.ts'
import type { ReplyIterator } from './several.ts'
import { iteratorOf } from './several.ts'

/**
 * Replies of one request in one turn of the event loop; then others have theirs. Where the other side reads as fast as
 * is sent, nothing else would end an iterator that never waits.
 */
const STEPS_A_TURN = 128

export class Call implements WheelEntry {
  readonly id: RequestId
  /** While it waits for a straggler. */
  message: unknown = undefined
  /** Unset while it waits for a straggler. */
  exchange: OpenExchange<unknown, unknown> | null = null
  wheelNext: WheelEntry | null = null
  wheelPrevious: WheelEntry | null = null
  wheelSlot = -1

  readonly #desk: Desk
  #iterator: ReplyIterator | null = null
  /** Nobody waits for it any more: whatever still comes of the handler is discarded. */
  #isGivenUp = false
  #hasPlace = true
  /** `next` of the iterator was called, and has not settled. */
  #isPulling = false
  /** `return` of the iterator was called, and has not settled. */
  #isReturning = false
  /** The last turn in which a reply was asked for, and how many more may be. */
  #turn = -1
  #stepsLeft = 0

  constructor(desk: Desk, id: RequestId) {
    this.#desk = desk
    this.id = id
  }

  /** The straggler has ended that it waited for. */
  run(): void {
    const { message } = this
    this.message = undefined
    const sent = this.#desk.dialogue.run(this.id, message, this)
    if (sent !== null) this.#end(sent)
  }

  waitFor(promise: PromiseLike<unknown>): void {
    promise.then(
      (answer) => this.#fulfilled(answer),
      (error: unknown) => this.#failed(error),
    )
  }

  sendAll(iterator: ReplyIterator): void {
    this.#iterator = iterator
    this.#pull()
  }

  #fulfilled(answer: unknown): void {
    let iterator: ReplyIterator | null
    try {
      iterator = iteratorOf(answer)
    } catch (error) {
      this.#failed(error)
      return
    }
    if (iterator !== null) {
      this.#iterator = iterator
      if (this.#isGivenUp) this.#stop()
      else this.#pull()
    } else if (this.#isGivenUp) this.#end('closed')
    else this.#end(this.#desk.dialogue.reply(this.id, answer, this.exchange!))
  }

  #failed(error: unknown): void {
    const { dialogue } = this.#desk
    if (this.#isGivenUp) {
      dialogue.report(error, this.exchange!)
      this.#end('closed')
    } else this.#end(dialogue.refuse(this.id, error, this.exchange!))
  }

  /** A loop, not recursion: many replies at once must not grow the stack. */
  readonly #pull = (): void => {
    while (this.#iterator !== null && this.#hasTurn()) {
      let step: IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>>
      try {
        step = this.#iterator.next()
      } catch (error) {
        this.#iterator = null
        this.#failed(error)
        return
      }
      if (isPromise(step)) {
        this.#isPulling = true
        step.then(this.#stepped, this.#stepFailed)
        return
      }
      if (!this.#sendStep(step)) return
    }
  }

  /** Whether to go on in this turn; else it goes on in the next by itself. */
  #hasTurn(): boolean {
    const { turn } = this.#desk.dialogue.connection
    if (this.#turn !== turn.endedCount) {
      this.#turn = turn.endedCount
      this.#stepsLeft = STEPS_A_TURN
    }
    if (this.#stepsLeft-- > 0) return true
    turn.beforeFlush(this.#pull)
    return false
  }

  readonly #stepped = (step: IteratorResult<unknown>): void => {
    this.#isPulling = false
    if (this.#isGivenUp) {
      if (!this.#isReturning) this.#end('closed')
    } else if (this.#sendStep(step)) this.#pull()
  }

  readonly #stepFailed = (error: unknown): void => {
    this.#isPulling = false
    this.#iterator = null
    if (this.#isReturning) this.#desk.dialogue.report(error, this.exchange!)
    else this.#failed(error)
  }

  /** Whether to go on at once. */
  #sendStep(step: IteratorResult<unknown>): boolean {
    const { dialogue } = this.#desk
    if (step.done === true) {
      this.#iterator = null
      this.#end(dialogue.end(this.id))
      return false
    }
    if (step.value === undefined) return true
    let reply: string | Uint8Array
    try {
      reply = dialogue.service.form.reply(this.id, step.value)
    } catch (error) {
      this.#giveUp()
      dialogue.refuse(this.id, error, this.exchange!)
      this.#stop()
      return false
    }
    const sent = dialogue.connection.send(reply)
    if (sent === 'sent') return true
    if (sent === 'queued') this.#desk.whenRoom(this.#pull)
    else {
      this.#giveUp()
      this.#stop()
    }
    return false
  }

  /** The connection is gone. */
  abandon(reason: unknown): void {
    if (!this.#isGivenUp) this.#giveUp()
    this.exchange!.abort(reason)
    this.#stop()
  }

  /** The deadline: the requester is told, the handler too, and the next request has its turn. */
  onDue(): number {
    const { dialogue } = this.#desk
    this.#giveUp()
    dialogue.refuseFor('ERR_REQUEST_DEADLINE', this.id)
    dialogue.connection.report('ERR_REQUEST_DEADLINE')
    if (this.exchange !== null) {
      this.exchange.abort(new HoldlineError('ERR_REQUEST_DEADLINE'))
      this.#stop()
    }
    this.#leave('sent')
    return 0
  }

  #giveUp(): void {
    this.#isGivenUp = true
    this.#desk.answered(this)
    this.#desk.dialogue.connection.wheel.remove(this)
  }

  /** Ends the iterator, if there is one; a promise cannot be ended. */
  #stop(): void {
    const iterator = this.#iterator
    if (iterator === null) return
    this.#iterator = null
    let returned: unknown
    try {
      returned = iterator.return?.()
    } catch (error) {
      this.#desk.dialogue.report(error, this.exchange!)
    }
    if (isPromise(returned)) {
      this.#isReturning = true
      returned.then(
        () => this.#end('closed'),
        (error: unknown) => {
          this.#desk.dialogue.report(error, this.exchange!)
          this.#end('closed')
        },
      )
    } else if (!this.#isPulling) this.#end('closed')
  }

  /** The handler has ended; its place is free when there is room for the next reply. */
  #end(sent: SendResult): void {
    if (!this.#isGivenUp) this.#giveUp()
    this.#desk.ended(this)
    if (this.exchange !== null) this.#desk.dialogue.giveBack(this.exchange)
    this.#leave(sent)
  }

  #leave(sent: SendResult): void {
    if (!this.#hasPlace) return
    this.#hasPlace = false
    const { lane } = this.#desk
    if (sent === 'queued') this.#desk.whenRoom(lane.leave)
    else lane.leave()
  }
}
