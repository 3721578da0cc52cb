// Channels as in Go: buffered or not, first come first served, closed by whoever sends. Where both sides are ready,
// nothing waits; where one has to wait, it stands in a list until the other comes.

import { HoldlineError } from '../../protocol/errors.ts'
import { Ring } from './ring.ts'
import type { ReceiveChannel } from './source.ts'
import { Source } from './source.ts'
import { settled } from './turn-budget.ts'
import type { Received, Waiter } from './waiter.ts'
import { WaiterList, WaitFor, waitIn } from './waiter.ts'

/** The end of a channel that is sent to (Go: `chan<- T`). */
export interface SendChannel<in T> {
  /**
   * Resolves when the value is taken: by a receiver, or into the buffer. Rejects with ERR_CHANNEL_CLOSED, or what the
   * channel says of its end.
   */
  send(value: T): Promise<void>
  /**
   * Sends if that need not wait, and says whether it did.
   *
   * @throws HoldlineError ERR_CHANNEL_CLOSED
   */
  trySend(value: T): boolean
  /** How many wait to send. */
  readonly waitingSenders: number
  /** For a select: whether a send need not wait, be it because it fails at once. */
  readonly canSend: boolean
  /** For a select: sends what need not wait; throws where it is closed. */
  put(value: T): void
  /** For a select: puts a sender behind those who wait. */
  joinSenders(waiter: Waiter): void
}

const MAX_CAPACITY = 2 ** 30

export class Channel<T> extends Source<T> implements SendChannel<T>, ReceiveChannel<T> {
  readonly capacity: number
  protected readonly receivers: WaiterList = new WaiterList()
  readonly #senders = new WaiterList()
  readonly #buffer: Ring<T> | null
  #isClosed = false

  /** @throws HoldlineError ERR_CHANNEL_CAPACITY */
  constructor(capacity = 0) {
    super()
    if (!Number.isInteger(capacity) || capacity < 0 || capacity > MAX_CAPACITY) {
      throw new HoldlineError('ERR_CHANNEL_CAPACITY', String(capacity))
    }
    this.capacity = capacity
    this.#buffer = capacity === 0 ? null : new Ring()
  }

  /** Values in the buffer. */
  get length(): number {
    return this.#buffer === null ? 0 : this.#buffer.length
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get waitingSenders(): number {
    return this.#senders.length
  }

  /**
   * No more is sent: what is in the buffer is still received, then `ok: false`. Those who wait to send get
   * ERR_CHANNEL_CLOSED.
   *
   * @throws HoldlineError ERR_CHANNEL_CLOSED_TWICE
   */
  close(): void {
    if (this.#isClosed) throw new HoldlineError('ERR_CHANNEL_CLOSED_TWICE')
    this.#isClosed = true
    for (let one = this.receivers.shift(); one !== null; one = this.receivers.shift()) {
      one.complete(undefined, false)
    }
    for (let one = this.#senders.shift(); one !== null; one = this.#senders.shift()) {
      one.fail(new HoldlineError('ERR_CHANNEL_CLOSED'))
    }
  }

  send(value: T): Promise<void> {
    if (!this.canSend) return waitIn(this.#senders, WaitFor.SEND, value)
    if (this.#isClosed) return Promise.reject(new HoldlineError('ERR_CHANNEL_CLOSED'))
    this.put(value)
    return settled()
  }

  trySend(value: T): boolean {
    if (!this.canSend) return false
    this.put(value)
    return true
  }

  get canSend(): boolean {
    const buffer = this.#buffer
    if (buffer !== null && buffer.length < this.capacity) return true
    return this.receivers.first !== null || this.#isClosed
  }

  put(value: T): void {
    if (this.#isClosed) throw new HoldlineError('ERR_CHANNEL_CLOSED')
    const receiver = this.receivers.shift()
    if (receiver !== null) receiver.complete(value, true)
    else this.#buffer!.push(value)
  }

  joinSenders(waiter: Waiter): void {
    this.#senders.push(waiter)
  }

  get canReceive(): boolean {
    const buffer = this.#buffer
    if (buffer !== null && buffer.length > 0) return true
    return this.#senders.first !== null || this.#isClosed
  }

  take(): Received<T> {
    const buffer = this.#buffer
    if (buffer !== null && buffer.length > 0) {
      const value = buffer.shift()
      // The k-th receive makes room for send k + capacity.
      const sender = this.#senders.shift()
      if (sender !== null) {
        buffer.push(sender.value as T)
        sender.complete(undefined, true)
      }
      return { value, ok: true }
    }
    const sender = this.#senders.shift()
    if (sender === null) return { value: undefined, ok: false }
    sender.complete(undefined, true)
    return { value: sender.value as T, ok: true }
  }
}

/**
 * A channel for values of one type. Without a capacity a send waits for its receive.
 *
 * @throws HoldlineError ERR_CHANNEL_CAPACITY when the capacity is not an integer from 0 to 2³⁰.
 */
export function channel<T>(capacity = 0): Channel<T> {
  return new Channel<T>(capacity)
}
