// What a program sees of a queue. No implementation here.

import type { Qos } from './qos.ts'

export interface QueueOptions {
  /** For error messages. */
  readonly label?: string
  /** How urgent its blocks are; that of the target where none is given, and 'default' without a target. */
  readonly qos?: Qos
  /** The queue that its blocks run on: they hold both. */
  readonly target?: Queue
  /** Blocks that may wait; the next one is refused with ERR_QUEUE_FULL. Default: no limit. */
  readonly limit?: number
  /** Nothing starts before `activate`, and until then the target may be changed. */
  readonly inactive?: boolean
  /** Told of what a block of `post` threw. By default it is an unhandled rejection. */
  readonly onError?: (error: unknown) => void
}

export interface ConcurrentQueueOptions extends QueueOptions {
  /** Blocks that may be under way at once. Default: any number. */
  readonly width?: number
}

export interface AsyncOptions {
  /** Calls the block off while it waits; the promise rejects with the reason. */
  readonly signal?: AbortSignal
}

/**
 * Blocks start in the order in which they were added. A block is under way until what it returned has settled:
 * on a serial queue the next one waits for its promise.
 */
export interface Queue {
  readonly label: string
  /** Blocks that may be under way at once; 1: a serial queue. */
  readonly width: number
  readonly qos: Qos
  /** Blocks that were added and have not started. */
  readonly waitingCount: number
  /** Blocks under way, those of queues that target it included. */
  readonly runningCount: number
  /** Whether the code that asks is a block of this queue, or of one that targets it, before its first `await`. */
  readonly isCurrent: boolean

  /** Adds a block; the promise is that of its outcome. Rejects with ERR_QUEUE_FULL past the limit. */
  async<T>(block: () => T | PromiseLike<T>, options?: AsyncOptions): Promise<T>
  /**
   * Adds a block whose outcome nobody awaits: no promise is made. What it throws goes to `onError`.
   *
   * @throws HoldlineError ERR_QUEUE_FULL
   */
  post(block: () => unknown): void
  /**
   * Runs a block at once, after those that wait, and returns what it returns; a promise holds the queue on.
   *
   * @throws HoldlineError ERR_QUEUE_DEADLOCK in a block of this queue, or of one that shares a serial target;
   * ERR_QUEUE_BUSY where it would have to wait: the queue is suspended, or a block before it awaits.
   */
  sync<T>(block: () => T): T
  /** As `async`, but the block waits for all before it, runs alone, and those behind it wait for it. */
  barrier<T>(block: () => T | PromiseLike<T>, options?: AsyncOptions): Promise<T>
  /** As `async`, added when so many milliseconds have passed. */
  after<T>(ms: number, block: () => T | PromiseLike<T>, options?: AsyncOptions): Promise<T>
  /**
   * Runs a block for each of 0 to count − 1; the results come in that order. Where some fail, all are awaited, and
   * the promise rejects with what the first of them threw.
   */
  apply<T>(count: number, block: (index: number) => T | PromiseLike<T>): Promise<T[]>
  /** No further block starts until `resume` was called as often; those under way go on. */
  suspend(): void
  /** @throws HoldlineError ERR_QUEUE_RESUME when it is not suspended. */
  resume(): void
  /** Lets a queue that was created inactive begin. Twice is once. */
  activate(): void
  /** @throws HoldlineError ERR_QUEUE_ACTIVE after activation, ERR_QUEUE_CYCLE */
  setTarget(target: Queue | null): void
}
