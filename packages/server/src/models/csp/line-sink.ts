// A connection as a channel to send to. There is room as long as the connection keeps up: after `queued`, sends wait
// until it drained. Nobody closes it but the connection itself, when it ends.

import type { Contract } from '../../connection/contract.ts'
import type { HeldConnection } from '../../connection/held-connection.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import type { SendChannel } from './channel.ts'
import { settled } from './turn-budget.ts'
import type { Waiter } from './waiter.ts'
import { failed, WaiterList, WaitFor, waitIn } from './waiter.ts'

type Message = string | Uint8Array

export class LineSink<M> implements SendChannel<M> {
  readonly #connection: HeldConnection
  /** Null: what is sent are messages. */
  readonly #contract: Contract | null
  /** Whether the connection said `queued` and has not drained. */
  #isFull = false
  /** Built when somebody has to wait. */
  #senders: WaiterList | null = null

  constructor(connection: HeldConnection, agreed: Contract | null) {
    this.#connection = connection
    this.#contract = agreed
  }

  get waitingSenders(): number {
    return this.#senders === null ? 0 : this.#senders.length
  }

  /**
   * Resolves when the message is taken; rejects with ERR_CONNECTION_CLOSED, which one that does not await it need not
   * catch.
   *
   * @throws HoldlineError ERR_MESSAGE_OUT_INVALID, at once, so that it is noticed without an await too.
   */
  send(value: M): Promise<void> {
    const message = this.#encoded(value)
    if (!this.canSend) {
      this.#senders ??= new WaiterList()
      return excused(waitIn(this.#senders, WaitFor.SEND, message))
    }
    try {
      this.#hand(message)
      return settled()
    } catch (error) {
      return excused(failed(error as Error))
    }
  }

  trySend(value: M): boolean {
    if (!this.canSend) return false
    this.put(value)
    return true
  }

  get canSend(): boolean {
    return !this.#isFull || !this.#connection.isOpen
  }

  /** @throws HoldlineError ERR_CONNECTION_CLOSED, ERR_MESSAGE_OUT_INVALID */
  put(value: M): void {
    this.#hand(this.#encoded(value))
  }

  // At once, not when there is room: what does not fit its contract is the error of who sends it.
  joinSenders(waiter: Waiter): void {
    waiter.value = this.#encoded(waiter.value as M)
    this.#senders ??= new WaiterList()
    this.#senders.push(waiter)
  }

  /** There is room again: those who wait send, oldest first, until there is not. */
  drained(): void {
    this.#isFull = false
    const senders = this.#senders
    if (senders === null) return
    while (!this.#isFull && !senders.isEmpty) {
      const sender = senders.shift()!
      try {
        this.#hand(sender.value as Message)
        sender.complete(undefined, true)
      } catch (error) {
        sender.fail(error as Error)
      }
    }
  }

  /** The connection is gone. */
  end(): void {
    const senders = this.#senders
    if (senders === null) return
    for (let one = senders.shift(); one !== null; one = senders.shift()) {
      one.fail(new HoldlineError('ERR_CONNECTION_CLOSED'))
    }
  }

  #encoded(value: M): Message {
    return this.#contract === null ? (value as Message) : this.#contract.encode(value)
  }

  #hand(message: Message): void {
    const result = this.#connection.send(message)
    if (result === 'closed') throw new HoldlineError('ERR_CONNECTION_CLOSED')
    this.#isFull = result === 'queued'
  }
}

/** A rejection that nobody awaits would end the process each time that somebody leaves. */
function excused(sending: Promise<void>): Promise<void> {
  sending.catch(() => {})
  return sending
}
