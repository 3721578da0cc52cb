// A queue: what may start on it when, and how queues stand on one another. A block holds its queue and each target
// below it; a queue that has something to start waits in its target as one entry. What runs is the scheduler's.

import { HoldlineError } from '../../protocol/errors.ts'
import { Entry, EntryList } from './entry-list.ts'
import type { Qos } from './qos.ts'
import { DEFAULT_LEVEL, LEVEL_COUNT, levelOf, qosOf } from './qos.ts'
import type { AsyncOptions, ConcurrentQueueOptions, Queue } from './queue.ts'
import type { Scheduler } from './scheduler.ts'
import type { Block } from './work.ts'
import {
  AwaitedWork,
  enterInline,
  execute,
  PostedWork,
  reportLost,
  runningWork,
  SyncWork,
  Work,
} from './work.ts'

export class DispatchQueue extends Entry implements Queue {
  readonly label: string
  readonly width: number
  readonly #limit: number
  readonly #onError: ((error: unknown) => void) | null
  readonly #scheduler: Scheduler
  /** -1: that of the target. */
  readonly #ownLevel: number
  #target: DispatchQueue | null = null
  /** Blocks, and queues that target this one and have something to start. */
  readonly #waiting = new EntryList<Work | DispatchQueue>()
  #waitingCount = 0
  #runningCount = 0
  #isBarrierRunning = false
  #suspensions = 0
  #isActive: boolean
  /** The class at which it was offered, for the books of the target. */
  #offeredLevel = DEFAULT_LEVEL
  /** How many queues of each class that is more urgent wait in this one. */
  #raised: number[] | null = null
  /** Stands for what others run inline on this queue. */
  #inline: Work | null = null

  constructor(scheduler: Scheduler, width: number, options: ConcurrentQueueOptions) {
    super()
    const { label, qos, target, limit = Infinity, inactive = false, onError } = options
    this.label = label ?? (width === 1 ? 'a serial queue' : 'a concurrent queue')
    this.width = countOf('width', width, 1)
    this.#limit = countOf('limit', limit, 1)
    this.#ownLevel = qos === undefined ? -1 : levelOf(qos)
    this.#onError = onError ?? null
    this.#scheduler = scheduler
    this.#isActive = false
    if (target !== undefined) this.setTarget(target)
    this.#isActive = !inactive
  }

  // --- What programs call

  get qos(): Qos {
    return qosOf(this.level)
  }

  get waitingCount(): number {
    return this.#waitingCount
  }

  get runningCount(): number {
    return this.#runningCount
  }

  get isCurrent(): boolean {
    for (let work = runningWork(); work !== null; work = work.beneath) {
      for (let held: DispatchQueue | null = work.queue; held !== null; held = held.#target) {
        if (held === this) return true
      }
    }
    return false
  }

  async<T>(block: Block<T>, options?: AsyncOptions): Promise<T> {
    return this.promised(block, false, options?.signal)
  }

  barrier<T>(block: Block<T>, options?: AsyncOptions): Promise<T> {
    return this.promised(block, true, options?.signal)
  }

  post(block: () => unknown): void {
    this.add(new PostedWork(this, block))
  }

  sync<T>(block: () => T): T {
    if (this.waitsForStack()) {
      throw new HoldlineError('ERR_QUEUE_DEADLOCK', `sync on ${this.label}`)
    }
    const work = new SyncWork(this, block)
    this.#waiting.push(work)
    this.#waitingCount++
    this.offer()
    const base = this.base()
    // What waits before it runs first, on this stack, as it would have on another thread.
    while (!work.hasRun && this.isReadyToBase) {
      const next = base.take()
      if (next === null) break
      base.offer()
      execute(next)
    }
    if (work.hasRun) return work.outcome()
    const code = this.waitsForStack() ? 'ERR_QUEUE_DEADLOCK' : 'ERR_QUEUE_BUSY'
    this.callOff(work)
    throw new HoldlineError(code, `sync on ${this.label}`)
  }

  async after<T>(ms: number, block: Block<T>, options?: AsyncOptions): Promise<T> {
    if (!(ms >= 0 && ms < Infinity)) {
      throw new HoldlineError('ERR_OPTION_INVALID', `after ${ms} ms; 0 or more are needed`)
    }
    const signal = options?.signal
    signal?.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      const cancel = this.#scheduler.clock.setTimer(ms, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      const onAbort = (): void => {
        cancel()
        reject(signal!.reason as Error)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
    })
    return this.promised(block, false, signal)
  }

  async apply<T>(count: number, block: (index: number) => T | PromiseLike<T>): Promise<T[]> {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new HoldlineError(
        'ERR_OPTION_INVALID',
        `apply ${count} times; a whole number is needed`,
      )
    }
    const runs = Array.from({ length: count }, (_, index) =>
      this.promised(() => block(index), false, undefined),
    )
    const outcomes = await Promise.allSettled(runs)
    return outcomes.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason
      return outcome.value
    })
  }

  suspend(): void {
    this.#suspensions++
  }

  resume(): void {
    if (this.#suspensions === 0) throw new HoldlineError('ERR_QUEUE_RESUME', this.label)
    this.#suspensions--
    this.offer()
  }

  activate(): void {
    this.#isActive = true
    this.offer()
  }

  setTarget(target: Queue | null): void {
    if (this.#isActive) throw new HoldlineError('ERR_QUEUE_ACTIVE', this.label)
    if (target !== null && !(target instanceof DispatchQueue)) {
      throw new HoldlineError('ERR_OPTION_INVALID', `target of ${this.label} is not a queue`)
    }
    if (target !== null && target.#scheduler !== this.#scheduler) {
      throw new HoldlineError('ERR_OPTION_INVALID', `target of ${this.label} has another clock`)
    }
    for (let queue = target; queue !== null; queue = queue.#target) {
      if (queue === this) throw new HoldlineError('ERR_QUEUE_CYCLE', this.label)
    }
    this.#target = target
  }

  // --- What the scheduler, works and models call

  get scheduler(): Scheduler {
    return this.#scheduler
  }

  /** Its own class, or that of the most urgent queue that waits in it. */
  get level(): number {
    const own = this.ownLevel
    if (this.#raised !== null) {
      for (let level = 0; level < own; level++) if (this.#raised[level]! > 0) return level
    }
    return own
  }

  /** Whether nothing waits or is under way. */
  get isIdle(): boolean {
    return this.#runningCount === 0 && this.#waiting.size === 0
  }

  /** @throws HoldlineError ERR_QUEUE_FULL */
  add(work: Work): void {
    if (this.#waitingCount >= this.#limit) {
      throw new HoldlineError('ERR_QUEUE_FULL', `${this.label}, limit ${this.#limit}`)
    }
    this.#waiting.push(work)
    this.#waitingCount++
    this.offer()
  }

  /** Takes out a work that has not started. */
  callOff(work: Work): void {
    this.#waiting.remove(work)
    this.#waitingCount--
    // It may have been a barrier, and those behind it need not wait any more.
    this.offer()
  }

  /** Lets the target, or the scheduler, know that something here may start. */
  offer(): void {
    if (this.list !== null || !this.isReady) return
    const level = this.level
    this.#offeredLevel = level
    if (this.#target === null) this.#scheduler.offer(this, level)
    else this.#target.accept(this, level)
  }

  /** The next work to start, of this queue or one that targets it; it holds all queues between from now on. */
  take(): Work | null {
    while (this.isReady) {
      const first = this.#waiting.shift()!
      if (first instanceof Work) {
        this.#waitingCount--
        this.#runningCount++
        this.#isBarrierRunning = first.isBarrier
        return first
      }
      this.countRaised(first.#offeredLevel, -1)
      // Before the other is asked, or this queue would be offered again while it has no more room.
      this.#runningCount++
      const work = first.take()
      // Behind the others: queues that share a target take turns.
      first.offer()
      if (work !== null) return work
      this.#runningCount--
    }
    return null
  }

  /** What held this queue and its targets is done. */
  leave(): void {
    this.#runningCount--
    this.#isBarrierRunning = false
    this.offer()
    if (this.#target !== null) this.#target.leave()
  }

  /**
   * Holds the queue and its targets for something that runs at once, outside of the scheduler; false where it would
   * have to wait. `leaveInline` when the function has returned, `leave` when its promise has settled.
   */
  tryEnter(): boolean {
    if (runningWork() !== null || !this.isFree) return false
    this.hold()
    this.#inline ??= new InlineWork(this)
    enterInline(this.#inline)
    return true
  }

  /** Holds this queue alone, where the caller holds its targets already. */
  join(): void {
    this.#runningCount++
  }

  /** Tells of a failure that nobody awaits. */
  report(error: unknown): void {
    if (this.#onError === null) reportLost(error)
    else this.#onError(error)
  }

  // --- Inside (`private`, not `#`: private methods and accessors are looked up at run time)

  private get ownLevel(): number {
    if (this.#ownLevel >= 0) return this.#ownLevel
    return this.#target === null ? DEFAULT_LEVEL : this.#target.ownLevel
  }

  private get hasRoom(): boolean {
    return (
      this.#isActive &&
      this.#suspensions === 0 &&
      this.#runningCount < this.width &&
      !this.#isBarrierRunning
    )
  }

  /** Whether the first that waits may start. */
  private get isReady(): boolean {
    const first = this.#waiting.first
    if (first === null || !this.hasRoom) return false
    return this.#runningCount === 0 || !(first instanceof Work && first.isBarrier)
  }

  private get isReadyToBase(): boolean {
    return this.isReady && (this.#target === null || this.#target.isReadyToBase)
  }

  /** Whether something may start here and on all targets, with nobody before it. */
  private get isFree(): boolean {
    if (!this.hasRoom || this.#waiting.size > 0) return false
    return this.#target === null || this.#target.isFree
  }

  private hold(): void {
    this.#runningCount++
    if (this.#target !== null) this.#target.hold()
  }

  /** The queue at the end of its targets. */
  private base(): DispatchQueue {
    return this.#target === null ? this : this.#target.base()
  }

  private promised<T>(
    block: Block<T>,
    isBarrier: boolean,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const work = new AwaitedWork(this, isBarrier, block, resolve, reject)
      this.add(work)
      if (signal === undefined) return
      const onAbort = (): void => {
        this.callOff(work)
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      work.onStart = () => signal.removeEventListener('abort', onAbort)
    })
  }

  /** A queue that targets this one has something to start. */
  private accept(queue: DispatchQueue, level: number): void {
    this.#waiting.push(queue)
    this.countRaised(level, 1)
    this.offer()
  }

  /** What is urgent and waits behind what is not would wait as long: so this queue is as urgent meanwhile. */
  private countRaised(level: number, by: number): void {
    if (level >= this.ownLevel) return
    const before = this.level
    this.#raised ??= Array.from<number>({ length: LEVEL_COUNT }).fill(0)
    this.#raised[level]! += by
    const after = this.level
    if (after === before || this.list === null) return
    const offered = this.#offeredLevel
    this.#offeredLevel = after
    if (this.#target === null) this.#scheduler.move(this, after)
    else {
      this.#target.countRaised(after, 1)
      this.#target.countRaised(offered, -1)
    }
  }

  /** Whether nothing can start here before a block that is on the stack ends. */
  private waitsForStack(): boolean {
    if (this.isCurrent) {
      if (this.#isBarrierRunning || this.#runningCount >= this.width) return true
      const first = this.#waiting.first
      if (first instanceof Work && first.isBarrier) return true
    }
    return this.#target !== null && this.#target.waitsForStack()
  }
}

class InlineWork extends Work {
  run(): unknown {
    return undefined
  }

  failed(): void {}
}

/** @throws HoldlineError ERR_OPTION_INVALID where it is no whole number from `least` up, or Infinity. */
export function countOf(name: string, value: number, least: number): number {
  if (value === Infinity || (Number.isSafeInteger(value) && value >= least)) return value
  throw new HoldlineError('ERR_OPTION_INVALID', `${name} ${value}; ${least} or more is needed`)
}
