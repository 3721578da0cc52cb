// What waits in a queue to be run, and the running of it. Which work may start when is the queue's business.

import { isPromise } from '../../connection/lane.ts'
import type { DispatchQueue } from './dispatch-queue.ts'
import { Entry } from './entry-list.ts'

export type Block<T = unknown> = () => T | PromiseLike<T>

/** One run of something on a queue. The queue is held from its start until what it returned has settled. */
export abstract class Work extends Entry {
  readonly queue: DispatchQueue
  readonly isBarrier: boolean
  /** What it interrupted: a block that called `sync`. */
  beneath: Work | null = null

  constructor(queue: DispatchQueue, isBarrier: boolean = false) {
    super()
    this.queue = queue
    this.isBarrier = isBarrier
  }

  abstract run(): unknown
  succeeded(_value: unknown): void {}
  abstract failed(error: unknown): void
}

let running: Work | null = null

/** The work whose function is on the stack right now; null behind an `await`. */
export function runningWork(): Work | null {
  return running
}

/** Runs a work whose queue has let it start. Never throws. */
export function execute(work: Work): void {
  const beneath = running
  work.beneath = beneath
  running = work
  let result: unknown
  try {
    result = work.run()
    if (isPromise(result)) {
      // A promise of our own: a foreign one may call back twice, or at once.
      Promise.resolve(result).then(
        (value) => conclude(work, value, true),
        (error: unknown) => conclude(work, error, false),
      )
      return
    }
  } catch (error) {
    running = beneath
    conclude(work, error, false)
    return
  } finally {
    running = beneath
    work.beneath = null
  }
  conclude(work, result, true)
}

function conclude(work: Work, outcome: unknown, isOk: boolean): void {
  try {
    if (isOk) work.succeeded(outcome)
    else work.failed(outcome)
  } catch (error) {
    reportLost(error)
  }
  work.queue.leave()
}

/** Something that stands for `work` runs outside of `execute`, until `leaveInline`. */
export function enterInline(work: Work): void {
  running = work
}

export function leaveInline(): void {
  running = null
}

/** Nobody awaits what failed, so the process hears of it, as of any promise that nobody awaits. */
export function reportLost(error: unknown): void {
  // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- a block may throw anything
  void Promise.reject(error)
}

/** A block whose outcome nobody waits for. */
export class PostedWork extends Work {
  readonly #block: () => unknown

  constructor(queue: DispatchQueue, block: () => unknown) {
    super(queue)
    this.#block = block
  }

  run(): unknown {
    return this.#block()
  }

  failed(error: unknown): void {
    this.queue.report(error)
  }
}

/** A block whose outcome is a promise's. */
export class AwaitedWork<T> extends Work {
  readonly #block: Block<T>
  readonly #resolve: (value: T) => void
  readonly #reject: (error: unknown) => void
  /** Run when it starts: it can no longer be called off. */
  onStart: (() => void) | null = null

  constructor(
    queue: DispatchQueue,
    isBarrier: boolean,
    block: Block<T>,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ) {
    super(queue, isBarrier)
    this.#block = block
    this.#resolve = resolve
    this.#reject = reject
  }

  run(): unknown {
    this.onStart?.()
    return this.#block()
  }

  override succeeded(value: unknown): void {
    this.#resolve(value as T)
  }

  failed(error: unknown): void {
    this.#reject(error)
  }
}

/** A block that the caller of `sync` waits for on the stack. */
export class SyncWork<T> extends Work {
  readonly #block: () => T
  hasRun = false
  #value: T | undefined
  #error: unknown
  #hasThrown = false

  constructor(queue: DispatchQueue, block: () => T) {
    super(queue)
    this.#block = block
  }

  run(): unknown {
    this.hasRun = true
    try {
      this.#value = this.#block()
      return this.#value
    } catch (error) {
      this.#hasThrown = true
      this.#error = error
      return undefined
    }
  }

  /** What the block returned, or its throw. */
  outcome(): T {
    if (this.#hasThrown) throw this.#error
    return this.#value as T
  }

  // A promise that was returned is the caller's, and so is its rejection.
  failed(): void {}
}
