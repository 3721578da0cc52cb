// Where queues come from: `queue` for programs, and `queues` for those that bring a clock of their own.

import type { Clock } from '../../connection/clock.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import { countOf, DispatchQueue } from './dispatch-queue.ts'
import { Group } from './group.ts'
import { Keyed } from './keyed.ts'
import type { PoolOptions } from './pool.ts'
import { Pool } from './pool.ts'
import type { Qos } from './qos.ts'
import { levelOf } from './qos.ts'
import type { ConcurrentQueueOptions, Queue, QueueOptions } from './queue.ts'
import { ProcessClock } from '../../connection/process-clock.ts'
import type { Budget } from './scheduler.ts'
import { Scheduler } from './scheduler.ts'

export interface QueuesOptions {
  /** Default: the timers of Node. */
  readonly clock?: Clock
  /** What queues may use of one turn of the event loop, until I/O is served. */
  readonly budget?: Partial<Budget>
}

export class Queues {
  readonly #scheduler: Scheduler
  #main: DispatchQueue | null = null
  readonly #global: DispatchQueue[] = []

  constructor(options: QueuesOptions = {}) {
    const { clock = new ProcessClock(true), budget = {} } = options
    const { blocks = 1_000, ms = 5 } = budget
    countOf('budget.blocks', blocks, 1)
    if (!(ms > 0)) throw new HoldlineError('ERR_OPTION_INVALID', `budget.ms ${ms}; more is needed`)
    this.#scheduler = new Scheduler(clock, { blocks, ms })
  }

  /** One serial queue for the whole program. */
  get main(): Queue {
    this.#main ??= new DispatchQueue(this.#scheduler, 1, { label: 'the main queue' })
    return this.#main
  }

  /** One concurrent queue of any width for each class. */
  global(qos: Qos = 'default'): Queue {
    const level = levelOf(qos)
    return (this.#global[level] ??= new DispatchQueue(this.#scheduler, Infinity, {
      label: `the global queue '${qos}'`,
      qos,
    }))
  }

  /** One block at a time, its promise included. */
  serial(options: QueueOptions = {}): Queue {
    return new DispatchQueue(this.#scheduler, 1, options)
  }

  /** Several blocks at a time, and barriers between them. */
  concurrent(options: ConcurrentQueueOptions = {}): Queue {
    return new DispatchQueue(this.#scheduler, options.width ?? Infinity, options)
  }

  /** A serial queue for each key, such as one for each room. */
  keyed<K = string>(options: QueueOptions = {}): Keyed<K> {
    const label = options.label ?? 'a queue'
    // Bad options are told here, not at the first message.
    void this.serial({ ...options, inactive: true })
    return new Keyed<K>(
      (key) =>
        new DispatchQueue(this.#scheduler, 1, { ...options, label: `${label} of ${String(key)}` }),
    )
  }

  group(): Group {
    return new Group()
  }

  /**
   * Threads that run the functions of a module. `Tasks` is the type of that module:
   * `queue.pool<typeof import('./tasks.ts')>(new URL('./tasks.ts', import.meta.url))`.
   */
  pool<Tasks extends object = Record<never, never>>(
    tasks: URL,
    options: PoolOptions = {},
  ): Pool<Tasks> {
    return new Pool<Tasks>(this.#scheduler, tasks, options)
  }
}

/** Queues with a clock or a budget of their own; a queue and its target belong together. */
export function queues(options?: QueuesOptions): Queues {
  return new Queues(options)
}

/** The queues of this process. */
export const queue: Queues = queues()

export function group(): Group {
  return new Group()
}
