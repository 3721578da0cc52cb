// A queue on the threads of a pool: the order is the queue's, the threads are the pool's.

import type { DispatchQueue } from './dispatch-queue.ts'
import type { Pool, RunOptions, TaskArguments, TaskName, TaskResult } from './pool.ts'

export class PoolQueue<Tasks extends object = Record<never, never>> {
  readonly #pool: Pool<Tasks>
  readonly #queue: DispatchQueue

  constructor(pool: Pool<Tasks>, queue: DispatchQueue) {
    this.#pool = pool
    this.#queue = queue
  }

  /** Tasks that were added and have not been handed to the pool. */
  get waitingCount(): number {
    return this.#queue.waitingCount
  }

  /** As `run` of the pool, when its turn in this queue has come. */
  run<M extends object = Tasks, N extends TaskName<M> = TaskName<M>>(
    name: N,
    args: TaskArguments<M, N>,
    options?: RunOptions,
  ): Promise<TaskResult<M, N>> {
    const result = this.#pool.accept(this.#queue, false, name, args, options)
    return result as Promise<TaskResult<M, N>>
  }

  /** As `run`, after all before it in this queue, alone, and before all behind it. */
  barrier<M extends object = Tasks, N extends TaskName<M> = TaskName<M>>(
    name: N,
    args: TaskArguments<M, N>,
    options?: RunOptions,
  ): Promise<TaskResult<M, N>> {
    const result = this.#pool.accept(this.#queue, true, name, args, options)
    return result as Promise<TaskResult<M, N>>
  }

  suspend(): void {
    this.#queue.suspend()
  }

  /** @throws HoldlineError ERR_QUEUE_RESUME when it is not suspended. */
  resume(): void {
    this.#queue.resume()
  }
}
