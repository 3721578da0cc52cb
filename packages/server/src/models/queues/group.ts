// A group: several blocks, on any queues, and what happens when all of them are done.

import { HoldlineError } from '../../protocol/errors.ts'
import type { AsyncOptions, Queue } from './queue.ts'
import { reportLost } from './work.ts'

/** Failures that a group keeps for whoever waits; a group that nobody waits for must not grow. */
const MAX_FAILURES = 100

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

type Notified = (failures: readonly unknown[]) => unknown

/**
 * Counts what is under way. A member that adds another before it is done keeps the group open. With `await using`
 * the end of the scope waits for all members, and throws what one of them threw.
 */
export class Group implements AsyncDisposable {
  #count = 0
  #failures: unknown[] = []
  #waiters: Waiter[] = []
  #notified: (readonly [Queue, Notified])[] = []

  /** Members that are not done. */
  get count(): number {
    return this.#count
  }

  enter(): void {
    this.#count++
  }

  /** @throws HoldlineError ERR_GROUP_LEAVE when it was left as often as entered. */
  leave(): void {
    if (this.#count === 0) throw new HoldlineError('ERR_GROUP_LEAVE')
    if (--this.#count === 0) this.#end()
  }

  /** Adds a block of a queue. Its failure is told to who waits for the group, and to who awaits this promise. */
  async<T>(queue: Queue, block: () => T | PromiseLike<T>, options?: AsyncOptions): Promise<T> {
    this.enter()
    const promise = queue.async(block, options)
    promise.then(
      () => this.leave(),
      (error: unknown) => {
        if (this.#failures.length < MAX_FAILURES) this.#failures.push(error)
        this.leave()
      },
    )
    return promise
  }

  /**
   * Posts a function to a queue when nothing is under way, once; at once where nothing is. It is given what members
   * threw.
   */
  notify(queue: Queue, f: (failures: readonly unknown[]) => unknown): void {
    this.#notified.push([queue, f])
    if (this.#count === 0) this.#end()
  }

  /** Resolves when nothing is under way. Rejects with what a member threw; an AggregateError of several. */
  wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
      if (this.#count === 0) this.#end()
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.wait()
  }

  #end(): void {
    const waiters = this.#waiters
    const notified = this.#notified
    // Kept until somebody asks.
    if (waiters.length === 0 && notified.length === 0) return
    const failures = this.#failures
    this.#waiters = []
    this.#notified = []
    this.#failures = []
    for (const { resolve, reject } of waiters) {
      if (failures.length === 0) resolve()
      else if (failures.length === 1) reject(failures[0])
      else reject(new AggregateError(failures, `${failures.length} blocks of a group failed`))
    }
    for (const [queue, f] of notified) {
      try {
        queue.post(() => f(failures))
      } catch (error) {
        // A full queue: the others must hear of the end all the same.
        reportLost(error)
      }
    }
  }
}
