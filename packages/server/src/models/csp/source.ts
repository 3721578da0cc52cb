// What can be received from, whatever it is: a channel, a timer, a connection. Owns receiving in all its forms, on four
// operations that a select uses too. Knows nothing of sending.

import { settledWith } from './turn-budget.ts'
import type { Received, Waiter, WaiterList } from './waiter.ts'
import { WaitFor, waitIn } from './waiter.ts'

/** The end of a channel that is received from (Go: `<-chan T`). */
export interface ReceiveChannel<out T> extends AsyncIterable<T> {
  /** The next value; `ok: false` once it is closed and empty. */
  receive(): Promise<Received<T>>
  /** As `receive`, but without waiting: null where it would have to. */
  tryReceive(): Received<T> | null
  /** Waits for one value and takes what else is there, `max` at most; [] once it is closed and empty. */
  receiveMany(max?: number): Promise<T[]>
  /** How many wait to receive. */
  readonly waitingReceivers: number
}

export abstract class Source<T> implements ReceiveChannel<T> {
  /** Who waits to receive. Only while `canReceive` is false is anybody in it. */
  protected abstract readonly receivers: WaiterList

  /** Whether a receive need not wait: there is a value, or the end. */
  abstract get canReceive(): boolean
  /** Takes what `canReceive` saw. */
  abstract take(): Received<T>

  get waitingReceivers(): number {
    return this.receivers.length
  }

  /** Puts a receiver behind those who wait. For who has seen that `canReceive` is false. */
  joinReceivers(waiter: Waiter): void {
    this.receivers.push(waiter)
  }

  receive(): Promise<Received<T>> {
    if (this.canReceive) return settledWith(this.take())
    return waitIn(this.receivers, WaitFor.RECEIVE)
  }

  tryReceive(): Received<T> | null {
    return this.canReceive ? this.take() : null
  }

  async receiveMany(max: number = Infinity): Promise<T[]> {
    const values: T[] = []
    if (max < 1) return values
    let received: Received<T> | null = await this.receive()
    while (received !== null && received.ok) {
      values.push(received.value)
      received = values.length < max ? this.tryReceive() : null
    }
    return values
  }

  /** For the iterator. */
  next(): Promise<IteratorResult<T, undefined>> {
    if (!this.canReceive) return waitIn(this.receivers, WaitFor.NEXT)
    const { value, ok } = this.take()
    return settledWith({ value, done: !ok } as IteratorResult<T, undefined>)
  }

  /** Go's `range`: until it is closed and empty. Leaving the loop leaves it as it is. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return new SourceIterator(this)
  }
}

/** By hand: an async generator would cost each waiting loop 800 bytes. */
class SourceIterator<T> implements AsyncIterator<T, undefined> {
  readonly #source: Source<T>

  constructor(source: Source<T>) {
    this.#source = source
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return this.#source.next()
  }
}
