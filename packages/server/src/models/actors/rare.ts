// What few actors need, and few need for long. Knows no actor.

import type { CancelTimer } from '../../connection/clock.ts'
import type { Asked } from './ask.ts'
import type { ExitReason } from './exit-reason.ts'
import { HeldSenders } from './held-senders.ts'
import type { Holdable } from './held-senders.ts'
import type { Match, Received } from './received.ts'
import type { AnyRef } from './ref.ts'

/** A `receive` that waits. */
export interface Receive {
  readonly match: Match
  readonly resolve: (received: Received | null) => void
  readonly reject: (error: unknown) => void
  /** Messages of the mailbox that it did not want, from the oldest on. */
  tested: number
  cancel: CancelTimer | null
}

/** Answered asks are looked for, and forgotten, when there are this many. */
const MANY_ASKS = 32

export class Rare {
  names: string[] | null = null
  /** Of an actor that is found by class and key. */
  key: string | null = null
  parent: AnyRef | null = null
  /** The ask that the running handler answers. */
  ask: Asked | null = null
  receive: Receive | null = null
  stopReason: ExitReason | null = null
  /** Called once: with null when `started` is done, else with why it never will be. */
  whenStarted: ((failure: ExitReason | null) => void) | null = null
  #asks: Asked[] | null = null
  #held: HeldSenders | null = null

  /** Notes an ask that `receive` took: it fails with the actor, unless it was answered. */
  awaitReply(ask: Asked): void {
    this.#asks ??= []
    if (this.#asks.length >= MANY_ASKS) this.#asks = this.#asks.filter(({ isDone }) => !isDone)
    this.#asks.push(ask)
  }

  failAll(reason: ExitReason): void {
    this.ask?.fail(reason)
    for (const ask of this.#asks ?? []) ask.fail(reason)
  }

  hold(sender: Holdable): void {
    this.#held ??= new HeldSenders()
    this.#held.hold(sender)
  }

  letAllGo(): void {
    this.#held?.letAllGo()
  }
}
