// Task groups, as Go's errgroup and the nurseries of Trio: tasks that are started together, of which the first that
// fails ends the others, and none of which outlives the group.

import { HoldlineError } from '../../protocol/errors.ts'
import { Channel } from './channel.ts'
import type { CancelScope, Context } from './context.ts'
import { isEndOf } from './context.ts'

export interface GroupOptions {
  /** How many tasks may run at once; those beyond it wait their turn. Default: all. */
  readonly limit?: number
}

/** What a task is given: a context that ends when the group fails, or what it belongs to ends. */
export type GroupTask = (ctx: Context) => unknown

interface WaitingTask {
  readonly task: GroupTask
  readonly started: (isStarted: boolean) => void
}

export class TaskGroup implements AsyncDisposable {
  readonly #scope: CancelScope
  readonly #limit: number
  #waiting: WaitingTask[] = []
  #runningCount = 0
  #isEnded = false
  #failure: { readonly error: unknown; readonly isEnd: boolean } | null = null
  #isFailureTold = false
  /** Closed when nothing runs; built when somebody waits. */
  #idle: Channel<never> | null = null

  /** @throws HoldlineError ERR_OPTION_INVALID when the limit is not a positive integer. */
  constructor(ctx: Context, options: GroupOptions = {}) {
    const { limit = Infinity } = options
    if (limit !== Infinity && !(Number.isInteger(limit) && limit > 0)) {
      throw new HoldlineError('ERR_OPTION_INVALID', `limit ${limit}`)
    }
    this.#limit = limit
    this.#scope = ctx.below(Infinity)
  }

  /** Ends when a task fails, or with the context that the group was made from. */
  get ctx(): Context {
    return this.#scope.ctx
  }

  get runningCount(): number {
    return this.#runningCount
  }

  /**
   * Starts a task, now or when the limit allows. Resolves to whether it was started: one that still waits when the
   * group is cancelled is not.
   *
   * @throws HoldlineError ERR_GROUP_ENDED, as a rejection.
   */
  go(task: GroupTask): Promise<boolean> {
    if (this.#isEnded) return Promise.reject(new HoldlineError('ERR_GROUP_ENDED'))
    if (this.ctx.err !== null) return Promise.resolve(false)
    if (this.tryGo(task)) return Promise.resolve(true)
    return new Promise((started) => this.#waiting.push({ task, started }))
  }

  /**
   * Starts a task unless the limit forbids it, and says whether it did.
   *
   * @throws HoldlineError ERR_GROUP_ENDED
   */
  tryGo(task: GroupTask): boolean {
    if (this.#isEnded) throw new HoldlineError('ERR_GROUP_ENDED')
    if (this.#runningCount >= this.#limit || this.ctx.err !== null) return false
    this.#start(task)
    return true
  }

  /** Ends the context of the tasks. */
  cancel(cause?: unknown): void {
    this.#scope.cancel(cause)
  }

  /** Waits for all tasks, those that start meanwhile included, and throws what the first that failed threw. */
  async wait(): Promise<void> {
    await this.#untilIdle()
    if (this.#failure === null) return
    this.#isFailureTold = true
    throw this.#failure.error
  }

  /** Cancels what still runs and waits for it. Throws what nobody has been told of. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel()
    await this.#untilIdle()
    if (this.#failure === null || this.#isFailureTold) return
    // That a task ends because it was told to is no failure.
    if (!this.#failure.isEnd) throw this.#failure.error
  }

  /** For `group`: its function failed as a task may. */
  fail(error: unknown): void {
    this.#failure ??= { error, isEnd: isEndOf(this.ctx, error) }
    this.#scope.cancel(error)
    for (const { started } of this.#waiting.splice(0)) started(false)
  }

  #start(task: GroupTask): void {
    this.#runningCount++
    void this.#run(task)
  }

  async #run(task: GroupTask): Promise<void> {
    try {
      await task(this.ctx)
    } catch (error) {
      this.fail(error)
    }
    this.#runningCount--
    this.#startNext()
    if (this.#runningCount > 0 || this.#idle === null) return
    // At once: between now and when those who wait go on, nothing may be started.
    this.#isEnded = true
    this.#idle.close()
  }

  #startNext(): void {
    while (this.#waiting.length > 0 && this.#runningCount < this.#limit) {
      const { task, started } = this.#waiting.shift()!
      const isCancelled = this.ctx.err !== null
      if (!isCancelled) this.#start(task)
      started(!isCancelled)
    }
  }

  async #untilIdle(): Promise<void> {
    if (this.#runningCount > 0) {
      this.#idle ??= new Channel<never>()
      await this.#idle.receive()
    }
    this.#isEnded = true
    this.#scope.cancel()
  }
}

/**
 * Runs a function that starts tasks with `g.go`, waits for all of them, and gives what the function returned. What
 * fails first, the function included, ends the others' context and is thrown once they are done.
 */
export async function group<R>(
  ctx: Context,
  body: (g: TaskGroup) => R | PromiseLike<R>,
  options: GroupOptions = {},
): Promise<R> {
  const g = new TaskGroup(ctx, options)
  let result: R | undefined
  try {
    result = await body(g)
  } catch (error) {
    g.fail(error)
  }
  await g.wait()
  return result as R
}
