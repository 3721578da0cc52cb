// What starts blocks: it serves the queues without a target by class of service, in microtasks while the budget of
// the turn lasts, then after I/O has been served. Must not know what a queue lets start when.

import type { Clock } from '../../connection/clock.ts'
import type { DispatchQueue } from './dispatch-queue.ts'
import { QosLists } from './qos.ts'
import { execute } from './work.ts'

/** What queues may use of one turn of the event loop, until I/O is served. */
export interface Budget {
  /** Blocks that may start. Default 1,000. */
  readonly blocks: number
  /** Time after which no other block is started. Default 5. */
  readonly ms: number
}

/** Blocks that start in one microtask: whoever awaits one of them goes on after at most so many others. */
const BATCH_BLOCKS = 64

export class Scheduler {
  readonly clock: Clock
  readonly #budget: Budget
  readonly #ready = new QosLists<DispatchQueue>()
  #isDrainDue = false
  #isDraining = false
  /** Between the first block of a turn and its end. */
  #isTurnOpen = false
  #isSpent = false
  #startedBlocks = 0
  #turnStartMs = 0

  constructor(clock: Clock, budget: Budget) {
    this.clock = clock
    this.#budget = budget
  }

  /** A queue without a target has a block that may start. */
  offer(queue: DispatchQueue, level: number): void {
    this.#ready.push(queue, level)
    this.#drainSoon()
  }

  /** Another class for a queue that was offered. */
  move(queue: DispatchQueue, level: number): void {
    this.#ready.remove(queue)
    this.#ready.push(queue, level)
  }

  #drainSoon(): void {
    if (this.#isDrainDue || this.#isDraining || this.#isSpent) return
    this.#isDrainDue = true
    queueMicrotask(this.#drain)
  }

  readonly #drain = (): void => {
    this.#isDrainDue = false
    // A microtask of the turn whose budget is spent, or of a block that was started by `sync` while draining.
    if (this.#isSpent || this.#isDraining) return
    this.#openTurn()
    this.#isDraining = true
    for (let left = BATCH_BLOCKS; left > 0 && !this.#isSpent; left--) {
      const queue = this.#ready.shift()
      if (queue === null) break
      const work = queue.take()
      if (work === null) continue
      queue.offer()
      execute(work)
      this.#startedBlocks++
      this.#isSpent =
        this.#startedBlocks >= this.#budget.blocks ||
        this.clock.now() - this.#turnStartMs >= this.#budget.ms
    }
    this.#isDraining = false
    if (this.#ready.size > 0) this.#drainSoon()
  }

  #openTurn(): void {
    if (this.#isTurnOpen) return
    this.#isTurnOpen = true
    this.#startedBlocks = 0
    this.#turnStartMs = this.clock.now()
    this.clock.atTurnEnd(this.#endTurn)
  }

  readonly #endTurn = (): void => {
    this.#isTurnOpen = false
    this.#isSpent = false
    if (this.#ready.size > 0) this.#drain()
  }
}
