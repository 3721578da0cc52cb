// A bounded number of threads, for one at a time to borrow: who may have one, who waits for one, and which are kept for
// the next. What it must not know: connections.

import type { CancelTimer } from '../../connection/clock.ts'
import { PooledThread } from './pooled-thread.ts'
import type { ThreadInit } from './pooled-thread.ts'
import type { Deadlines } from './deadlines.ts'

export interface PoolLimits {
  readonly maxThreads: number
  /** Free threads that are kept for the next. */
  readonly keepThreads: number
  /** For how long. */
  readonly keepMs: number
  /** How long a request for a thread may wait. */
  readonly waitMs: number
}

/**
 * A promise of a thread that is not taken up is forgotten after so long: the line may have gone away between the answer
 * to its request and its opening, and nobody says so.
 */
const PROMISED_MS = 1_000

interface Waiting {
  readonly who: object
  readonly resolve: (isPromised: boolean) => void
  readonly cancel: CancelTimer
}

interface Free {
  readonly thread: PooledThread
  readonly cancel: CancelTimer
}

export class ThreadPool {
  readonly #init: ThreadInit
  readonly #limits: PoolLimits
  readonly #clock: Deadlines
  /** All that have not exited, those that are about to included: they have their memory still. */
  readonly #threads = new Set<PooledThread>()
  /** The one that was used last is taken first; the others may go. */
  readonly #free: Free[] = []
  /** To whom a thread is promised, and when. In the order of the promises. */
  readonly #promised = new Map<object, number>()
  #waiting: Waiting[] = []

  constructor(init: ThreadInit, limits: PoolLimits, clock: Deadlines) {
    this.#init = init
    this.#limits = limits
    this.#clock = clock
  }

  get threadCount(): number {
    return this.#threads.size
  }

  get freeCount(): number {
    return this.#free.length
  }

  /** Promises a thread to `who`, for `take`. False: there is none, and after `waitMs` still none. */
  promise(who: object): boolean | Promise<boolean> {
    // A promise may have been forgotten: those who have waited come first.
    this.#promiseNext()
    if (this.#hasRoom) {
      this.#promised.set(who, this.#clock.now())
      return true
    }
    const { waitMs } = this.#limits
    if (waitMs === 0) return false
    return new Promise((resolve) => {
      const cancel = this.#clock.setTimer(waitMs, () => {
        this.#promiseNext()
        this.#waiting = this.#waiting.filter((waiting) => waiting.who !== who)
        resolve(false)
      })
      this.#waiting.push({ who, resolve, cancel })
    })
  }

  /** A thread for `who`; null where none was promised and none is left. */
  take(who: object): PooledThread | null {
    if (!this.#promised.delete(who) && !this.#hasRoom) return null
    const free = this.#free.pop()
    if (free !== undefined) {
      free.cancel()
      return free.thread
    }
    // A promise that was forgotten meanwhile may have been given to another.
    if (this.#threads.size >= this.#limits.maxThreads) return null
    const thread = new PooledThread(this.#init, this)
    this.#threads.add(thread)
    return thread
  }

  /** A thread has no session any more. */
  freed(thread: PooledThread): void {
    if (this.#waiting.length === 0 && this.#free.length >= this.#limits.keepThreads) {
      thread.terminate()
      return
    }
    const cancel = this.#clock.setTimer(this.#limits.keepMs, () => this.#drop(thread))
    this.#free.push({ thread, cancel })
    this.#promiseNext()
  }

  /** A thread is gone. */
  exited(thread: PooledThread): void {
    this.#threads.delete(thread)
    const at = this.#free.findIndex((free) => free.thread === thread)
    if (at >= 0) this.#free.splice(at, 1)[0]!.cancel()
    this.#promiseNext()
  }

  #drop(thread: PooledThread): void {
    const at = this.#free.findIndex((free) => free.thread === thread)
    if (at < 0) return
    this.#free.splice(at, 1)
    thread.terminate()
  }

  #promiseNext(): void {
    while (this.#waiting.length > 0 && this.#hasRoom) {
      const { who, resolve, cancel } = this.#waiting.shift()!
      cancel()
      this.#promised.set(who, this.#clock.now())
      resolve(true)
    }
  }

  /** Whether one more may be promised. */
  get #hasRoom(): boolean {
    const spare = this.#limits.maxThreads - this.#threads.size + this.#free.length
    if (this.#promised.size < spare) return true
    const now = this.#clock.now()
    for (const [who, since] of this.#promised) {
      if (now - since < PROMISED_MS) break
      this.#promised.delete(who)
    }
    return this.#promised.size < spare
  }
}
