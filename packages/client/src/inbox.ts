// Messages that wait for a reader, in order and bounded. A browser cannot pause a WebSocket, so a reader that is too
// slow is told of the gap, at the place of the gap, instead of being fed an unbounded queue.

import { ClientError } from './errors.ts'

type Waiter<Message> = {
  resolve(result: IteratorResult<Message, undefined>): void
  reject(error: Error): void
}

/** A bounded queue with asynchronous readers. Each message goes to one reader. */
export class Inbox<Message> {
  readonly #capacity: number
  readonly #onGap: (error: ClientError) => void
  #messages: Message[] = []
  #waiters: Waiter<Message>[] = []
  #missedCount = 0
  #ended = false
  #error: Error | null = null

  /** `onGap` is called once for each gap, when it opens. */
  constructor(capacity: number, onGap: (error: ClientError) => void) {
    this.#capacity = capacity
    this.#onGap = onGap
  }

  push(message: Message): void {
    if (this.#missedCount > 0) {
      // Invariant: nothing enters behind a gap before a reader has seen the gap.
      this.#missedCount += 1
    } else if (this.#waiters.length > 0 || this.#messages.length < this.#capacity) {
      this.#messages.push(message)
      this.#serve()
    } else {
      this.#missedCount = 1
      this.#onGap(new ClientError('ERR_INBOX_FULL', 'inboxMessages'))
    }
  }

  /** No more messages will come; readers get what is left, then the end, or the error that it ended with. */
  end(error: Error | null = null): void {
    if (this.#ended) return
    this.#ended = true
    this.#error = error
    this.#serve()
  }

  /** One reader. It rejects with ERR_INBOX_FULL where messages are missing; a new reader goes on after the gap. */
  read(onReturn: () => void): AsyncIterableIterator<Message, undefined> {
    let own: Waiter<Message> | undefined
    let returned = false
    const reader: AsyncIterableIterator<Message, undefined> = {
      next: () =>
        new Promise((resolve, reject) => {
          if (returned) return resolve({ done: true, value: undefined })
          own = { resolve, reject }
          this.#waiters.push(own)
          this.#serve()
        }),
      return: () => {
        returned = true
        // A reader that left must not swallow the next message.
        own?.resolve({ done: true, value: undefined })
        this.#waiters = this.#waiters.filter((waiter) => waiter !== own)
        onReturn()
        return Promise.resolve({ done: true, value: undefined })
      },
      [Symbol.asyncIterator]: () => reader,
    }
    return reader
  }

  /** Gives waiting readers what there is for them. */
  #serve(): void {
    for (let waiter; (waiter = this.#waiters[0]); this.#waiters.shift()) {
      if (this.#messages.length > 0) {
        waiter.resolve({ done: false, value: this.#messages.shift() as Message })
      } else if (this.#missedCount > 0) {
        waiter.reject(new ClientError('ERR_INBOX_FULL', `${this.#missedCount} missed`))
        this.#missedCount = 0
      } else if (!this.#ended) return
      else if (this.#error) waiter.reject(this.#error)
      else waiter.resolve({ done: true, value: undefined })
    }
  }
}
