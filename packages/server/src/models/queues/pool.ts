// Threads for what computes: the functions of a module, run by piscina, in the order of their class of service. It
// hands piscina no more than there are threads, so that what waits is ordered, called off and counted here.

import type { Piscina } from 'piscina'
import { HoldlineError } from '../../protocol/errors.ts'
import { countOf, DispatchQueue } from './dispatch-queue.ts'
import { Entry } from './entry-list.ts'
import { PoolQueue } from './pool-queue.ts'
import type { TaskAnswer, TaskCall } from './pool-thread.ts'
import type { Qos } from './qos.ts'
import { DEFAULT_LEVEL, levelOf, QosLists } from './qos.ts'
import type { Scheduler } from './scheduler.ts'
import { reviveThrown } from './thrown.ts'

export interface PoolOptions {
  /** Threads at most; they start when they are needed. Default: one for each CPU core. */
  readonly threads?: number
  /** Milliseconds without work after which a thread ends. Default 10,000. */
  readonly idleMs?: number
  /** Tasks that may wait for a thread; the next one is refused with ERR_QUEUE_FULL. Default: no limit. */
  readonly limit?: number
  /** How urgent tasks are that do not say so themselves. Default 'default'. */
  readonly qos?: Qos
  /** Memory of each thread, as `resourceLimits` of Node's Worker. A task that needs more ends with its thread. */
  readonly resourceLimits?: {
    readonly maxOldGenerationSizeMb?: number
    readonly maxYoungGenerationSizeMb?: number
    readonly stackSizeMb?: number
  }
}

export interface RunOptions {
  readonly qos?: Qos
  /** Buffers and ports among the arguments that are moved: they are no longer yours when `run` has returned. */
  readonly transfer?: readonly (ArrayBuffer | MessagePort)[]
  /** Calls the task off. One that runs already ends with its thread. */
  readonly signal?: AbortSignal
}

/** Names of the functions of a module. */
export type TaskName<M> = {
  [K in keyof M]: M[K] extends (...args: never[]) => unknown ? K : never
}[keyof M] &
  string
export type TaskArguments<M, N> = N extends keyof M
  ? M[N] extends (...args: infer A) => unknown
    ? A
    : never
  : never
export type TaskResult<M, N> = N extends keyof M
  ? M[N] extends (...args: never[]) => infer R
    ? Unmoved<Awaited<R>>
    : never
  : never
type Unmoved<R> = R extends { readonly value: infer T; readonly buffers: readonly ArrayBuffer[] }
  ? T
  : R

/** A task that waits for a thread or runs on one. */
export class PoolTask extends Entry {
  readonly call: TaskCall
  readonly transfer: readonly (ArrayBuffer | MessagePort)[]
  readonly level: number
  readonly signal: AbortSignal | undefined
  readonly outcome: PromiseWithResolvers<unknown> = Promise.withResolvers<unknown>()

  constructor(
    call: TaskCall,
    transfer: readonly (ArrayBuffer | MessagePort)[],
    level: number,
    signal: AbortSignal | undefined,
  ) {
    super()
    this.call = call
    this.transfer = transfer
    this.level = level
    this.signal = signal
  }
}

export class Pool<Tasks extends object = Record<never, never>> implements AsyncDisposable {
  readonly #tasks: string
  readonly #options: PoolOptions
  readonly #scheduler: Scheduler
  readonly #level: number
  readonly #limit: number
  readonly #threadCount: number
  /** Where barriers are kept; tasks hold it while they wait for a thread and run. */
  readonly #gate: DispatchQueue
  readonly #waiting = new QosLists<PoolTask>()
  readonly #running = new Set<PoolTask>()
  #threads: Promise<Piscina> | null = null
  /** Tasks accepted and not settled, those in queues of this pool included. */
  #accepted = 0
  #isClosed = false
  #isTerminated = false
  readonly #emptied = Promise.withResolvers<void>()

  constructor(scheduler: Scheduler, tasks: URL, options: PoolOptions) {
    if (!(tasks instanceof URL) || tasks.protocol !== 'file:') {
      const detail = 'tasks of a pool is not the URL of a file'
      throw new HoldlineError('ERR_OPTION_INVALID', detail)
    }
    const { threads = navigator.hardwareConcurrency, limit = Infinity, qos, idleMs = 0 } = options
    this.#tasks = tasks.href
    this.#options = options
    this.#scheduler = scheduler
    this.#level = qos === undefined ? DEFAULT_LEVEL : levelOf(qos)
    this.#limit = countOf('limit', limit, 1)
    this.#threadCount = countOf('threads', threads, 1)
    if (threads === Infinity) {
      throw new HoldlineError('ERR_OPTION_INVALID', 'threads Infinity; a number is needed')
    }
    countOf('idleMs', idleMs, 0)
    const { maxOldGenerationSizeMb = Infinity, stackSizeMb = Infinity } =
      options.resourceLimits ?? {}
    // A thread that cannot even be set up takes the process along, and nothing here could catch that.
    countOf('maxOldGenerationSizeMb', maxOldGenerationSizeMb, 4)
    countOf('stackSizeMb', stackSizeMb, 1)
    this.#gate = new DispatchQueue(scheduler, Infinity, { label: 'a pool' })
  }

  /** Tasks that run now. */
  get runningCount(): number {
    return this.#running.size
  }

  /** Tasks that wait for a thread. */
  get waitingCount(): number {
    return this.#waiting.size
  }

  /**
   * Runs a function of the module on a thread. The arguments are copied, or moved, before this returns.
   *
   * Rejects with what the task threw, its class, code and stack kept, and with ERR_POOL_TASK, ERR_POOL_THREAD,
   * ERR_POOL_CLONE, ERR_POOL_CLOSED, ERR_POOL_MISSING and ERR_QUEUE_FULL.
   */
  run<M extends object = Tasks, N extends TaskName<M> = TaskName<M>>(
    name: N,
    args: TaskArguments<M, N>,
    options?: RunOptions,
  ): Promise<TaskResult<M, N>> {
    return this.accept(this.#gate, false, name, args, options) as Promise<TaskResult<M, N>>
  }

  /** As `run`, after all that was begun before, alone, and before all that comes after. */
  barrier<M extends object = Tasks, N extends TaskName<M> = TaskName<M>>(
    name: N,
    args: TaskArguments<M, N>,
    options?: RunOptions,
  ): Promise<TaskResult<M, N>> {
    return this.accept(this.#gate, true, name, args, options) as Promise<TaskResult<M, N>>
  }

  /** A queue whose tasks run one at a time, in order, on whichever thread is free. */
  serial(options: { readonly label?: string; readonly limit?: number } = {}): PoolQueue<Tasks> {
    return this.concurrent({ ...options, width: 1 })
  }

  /** A queue with a width and barriers of its own on the threads of this pool. */
  concurrent(
    options: { readonly label?: string; readonly limit?: number; readonly width?: number } = {},
  ): PoolQueue<Tasks> {
    const { width = Infinity } = options
    const queue = new DispatchQueue(this.#scheduler, width, { ...options, target: this.#gate })
    return new PoolQueue<Tasks>(this, queue)
  }

  /** Takes no more tasks, waits for those it has, and ends the threads. Queues that are suspended must be resumed. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#accepted > 0) await this.#emptied.promise
    await this.#endThreads()
  }

  /** Ends the threads at once; what runs or waits rejects with ERR_POOL_CLOSED. */
  async terminate(): Promise<void> {
    this.#isClosed = true
    this.#isTerminated = true
    for (let task = this.#waiting.shift(); task !== null; task = this.#waiting.shift()) {
      task.outcome.reject(new HoldlineError('ERR_POOL_CLOSED'))
    }
    await this.#endThreads()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** For PoolQueue: takes a task on, to run it when `queue` lets it start. */
  async accept(
    queue: DispatchQueue,
    isBarrier: boolean,
    name: string,
    args: readonly unknown[],
    options: RunOptions = {},
  ): Promise<unknown> {
    const { qos, transfer = [], signal } = options
    if (this.#isClosed) throw new HoldlineError('ERR_POOL_CLOSED')
    signal?.throwIfAborted()
    const level = qos === undefined ? this.#level : levelOf(qos)
    const own = cloned({ args, transfer }, transfer)
    const call: TaskCall = { tasks: this.#tasks, name, args: own.args }
    const task = new PoolTask(call, own.transfer, level, signal)
    const block = (): Promise<unknown> => this.#onThread(task)
    const called = signal === undefined ? undefined : { signal }
    this.#accepted++
    try {
      return await (isBarrier ? queue.barrier(block, called) : queue.async(block, called))
    } finally {
      if (--this.#accepted === 0 && this.#isClosed) this.#emptied.resolve()
    }
  }

  /** Runs a task when a thread is free and nothing more urgent waits. */
  #onThread(task: PoolTask): Promise<unknown> {
    const { signal, outcome } = task
    if (this.#isTerminated) throw new HoldlineError('ERR_POOL_CLOSED')
    signal?.throwIfAborted()
    if (this.#running.size >= this.#threadCount && this.#waiting.size >= this.#limit) {
      throw new HoldlineError('ERR_QUEUE_FULL', `a pool, limit ${this.#limit}`)
    }
    this.#waiting.push(task, task.level)
    // One that runs is called off by piscina.
    const onAbort = (): void => {
      if (task.list === null) return
      this.#waiting.remove(task)
      outcome.reject(signal!.reason as Error)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#startSome()
    return outcome.promise.finally(() => signal?.removeEventListener('abort', onAbort))
  }

  #startSome(): void {
    while (this.#running.size < this.#threadCount) {
      const task = this.#waiting.shift()
      if (task === null) return
      this.#running.add(task)
      void this.#start(task).finally(() => {
        this.#running.delete(task)
        this.#startSome()
      })
    }
  }

  /** Settles the task's promise; never rejects itself. */
  async #start(task: PoolTask): Promise<void> {
    const { call, transfer, signal, outcome } = task
    try {
      this.#threads ??= this.#startThreads()
      const threads = await this.#threads
      if (this.#isTerminated) throw new HoldlineError('ERR_POOL_CLOSED')
      signal?.throwIfAborted()
      const answer = (await threads.run(call, {
        transferList: [...transfer] as never,
        signal: signal ?? null,
      })) as TaskAnswer
      outcome.resolve(valueOf(answer))
    } catch (error) {
      if (signal?.aborted === true) outcome.reject(signal.reason)
      else if (error instanceof TaskFailed) outcome.reject(error.reason)
      else if (error instanceof HoldlineError) outcome.reject(error)
      else if (this.#isTerminated) outcome.reject(new HoldlineError('ERR_POOL_CLOSED'))
      else outcome.reject(threadEnded(call.name, error))
    }
  }

  async #startThreads(): Promise<Piscina> {
    let Threads: typeof Piscina
    try {
      ;({ Piscina: Threads } = await import('piscina'))
    } catch (cause) {
      // Who installs it need not start again.
      this.#threads = null
      throw new HoldlineError('ERR_POOL_MISSING', undefined, { cause })
    }
    const { idleMs = 10_000, resourceLimits } = this.#options
    const threads = new Threads({
      filename: threadModule().href,
      name: 'runTask',
      minThreads: 0,
      maxThreads: this.#threadCount,
      idleTimeout: idleMs,
      recordTiming: false,
      ...(resourceLimits !== undefined && { resourceLimits }),
    })
    // A thread without a task has failed. Where none is left, tasks that wait for one to start would wait for ever.
    threads.on('error', (error: unknown) => {
      if (threads.threads.length > 0) return
      this.#threads = null
      for (const task of this.#running) task.outcome.reject(threadEnded(task.call.name, error))
      void threads.destroy()
    })
    return threads
  }

  async #endThreads(): Promise<void> {
    const threads = this.#threads
    this.#threads = null
    // Where they did not start, their tasks have been told.
    await threads?.then(
      (started) => started.destroy(),
      () => {},
    )
  }
}

/** Carries what a task threw past errors of piscina. */
class TaskFailed {
  readonly reason: unknown

  constructor(reason: unknown) {
    this.reason = reason
  }
}

function valueOf(answer: TaskAnswer): unknown {
  switch (answer.kind) {
    case 'returned':
      return answer.value
    case 'threw':
      // oxlint-disable-next-line typescript/only-throw-error -- a task may throw anything
      throw new TaskFailed(reviveThrown(answer.thrown))
    case 'uncloneable':
      throw new HoldlineError('ERR_POOL_CLONE', 'a result', { cause: reviveThrown(answer.thrown) })
    case 'unknown': {
      const { detail, thrown } = answer
      const options = thrown === undefined ? {} : { cause: reviveThrown(thrown) }
      throw new HoldlineError('ERR_POOL_TASK', detail, options)
    }
  }
}

function threadEnded(name: string, cause: unknown): HoldlineError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new HoldlineError('ERR_POOL_THREAD', `${name}: ${reason}`, { cause })
}

/** A copy, as it is when `run` is called. */
function cloned<T>(value: T, transfer: readonly (ArrayBuffer | MessagePort)[]): T {
  try {
    return structuredClone(value, { transfer: [...transfer] as never })
  } catch (cause) {
    throw new HoldlineError('ERR_POOL_CLONE', 'an argument', { cause })
  }
}

/** Beside this module, with the same ending: TypeScript in the repository, JavaScript in the package. */
function threadModule(): URL {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./pool-thread.${ending}`, import.meta.url)
}
