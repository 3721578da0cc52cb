// What is put off to the end of a turn of the event loop: messages of resumed connections, then one flush for
// each connection that has something to send.

import type { Clock } from './clock.ts'
import { SendArena } from './send-arena.ts'

/** What the turn calls; implemented by HeldConnection. */
export interface TurnMember {
  /** Whether a flush is already scheduled; belongs to the turn. */
  flushScheduled: boolean
  flush(): void
  deliverHeld(): void
}

export class Turn {
  readonly arena: SendArena = new SendArena()
  /** Turns that have ended. */
  endedCount = 0
  readonly #clock: Clock
  #toFlush: TurnMember[] = []
  #toDeliver: TurnMember[] = []
  #before: (() => void)[] = []
  #scheduled = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  flushLater(member: TurnMember): void {
    if (member.flushScheduled) return
    member.flushScheduled = true
    this.#toFlush.push(member)
    this.#schedule()
  }

  deliverLater(member: TurnMember): void {
    this.#toDeliver.push(member)
    this.#schedule()
  }

  /** Calls `f` once at the end of this turn, before the flushes. */
  beforeFlush(f: () => void): void {
    this.#before.push(f)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#clock.atTurnEnd(this.#end)
  }

  // What members schedule meanwhile belongs to the next turn: user code cannot hold the loop here.
  readonly #end = (): void => {
    this.#scheduled = false
    const toDeliver = this.#toDeliver
    this.#toDeliver = []
    for (const member of toDeliver) {
      try {
        member.deliverHeld()
      } catch (error) {
        reportUncaught(error)
      }
    }
    const before = this.#before
    this.#before = []
    for (const f of before) {
      try {
        f()
      } catch (error) {
        reportUncaught(error)
      }
    }
    const toFlush = this.#toFlush
    this.#toFlush = []
    for (const member of toFlush) {
      member.flushScheduled = false
      try {
        member.flush()
      } catch (error) {
        reportUncaught(error)
      }
    }
    this.endedCount++
    // `drain` handlers ran in the flushes above and may have sent: their frames are in the slab.
    if (this.#toFlush.length === 0) this.arena.turnEnded()
  }
}

/** An error of the core itself, or of an observer, is the process's affair; the turn goes on for all others. */
function reportUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
