// Asks that wait for an answer, at the side of whoever asked: each ends once, by an answer, the end of the actor, or
// its deadline. Knows no actor.

import type { CancelTimer, Clock } from '../../connection/clock.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import { ActorDownError } from './exit-reason.ts'
import type { ExitReason } from './exit-reason.ts'

/** An ask as the actor that is asked sees it. What comes after the first of these is dropped. */
export interface Asked {
  readonly isDone: boolean
  reply(value: unknown): void
  /** The actor ended, or was not there. */
  fail(reason: ExitReason): void
  /** It cannot be answered; the actor goes on. */
  refuse(error: unknown): void
}

export class PendingAsk implements Asked {
  readonly promise: Promise<unknown>
  isDone = false
  dueMs = 0
  /** For what is kept of it elsewhere. */
  whenOver: (() => void) | null = null
  next: PendingAsk | null = null
  previous: PendingAsk | null = null
  readonly #timeouts: AskTimeouts
  readonly #whom: { toString(): string }
  readonly #method: string
  readonly #timeoutMs: number
  #resolve!: (value: unknown) => void
  #reject!: (error: unknown) => void

  constructor(
    timeouts: AskTimeouts,
    whom: { toString(): string },
    method: string,
    timeoutMs: number,
  ) {
    this.#timeouts = timeouts
    this.#whom = whom
    this.#method = method
    this.#timeoutMs = timeoutMs
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    timeouts.add(this, timeoutMs)
  }

  reply(value: unknown): void {
    if (!this.#end()) return
    try {
      this.#resolve(this.#timeouts.copy(value))
    } catch (error) {
      this.#reject(error)
    }
  }

  fail(reason: ExitReason): void {
    if (this.#end()) this.#reject(new ActorDownError(this.#about(), reason))
  }

  refuse(error: unknown): void {
    if (this.#end()) this.#reject(error)
  }

  expire(): void {
    this.isDone = true
    this.whenOver?.()
    const detail = `${this.#about()}, ${this.#timeoutMs} ms`
    this.#reject(new HoldlineError('ERR_ACTOR_TIMEOUT', detail))
  }

  #about(): string {
    return `${this.#whom.toString()}.${this.#method}`
  }

  #end(): boolean {
    if (this.isDone) return false
    this.isDone = true
    this.#timeouts.remove(this, this.#timeoutMs)
    this.whenOver?.()
    return true
  }
}

/** Asks of one timeout, in the order in which they are due: one timer for all. */
interface Expiry {
  head: PendingAsk | null
  tail: PendingAsk | null
  cancel: CancelTimer | null
}

export class AskTimeouts {
  /** Applied to each answer: where every message is serialised, so are answers. */
  readonly copy: (value: unknown) => unknown
  readonly #clock: Clock
  readonly #expiries = new Map<number, Expiry>()

  constructor(clock: Clock, copy: (value: unknown) => unknown) {
    this.#clock = clock
    this.copy = copy
  }

  add(ask: PendingAsk, timeoutMs: number): void {
    if (timeoutMs === Infinity) return
    let expiry = this.#expiries.get(timeoutMs)
    if (expiry === undefined) {
      expiry = { head: null, tail: null, cancel: null }
      this.#expiries.set(timeoutMs, expiry)
    }
    ask.dueMs = this.#clock.now() + timeoutMs
    ask.previous = expiry.tail
    if (expiry.tail === null) expiry.head = ask
    else expiry.tail.next = ask
    expiry.tail = ask
    if (expiry.cancel === null) this.#arm(expiry, timeoutMs, timeoutMs)
  }

  remove(ask: PendingAsk, timeoutMs: number): void {
    if (timeoutMs === Infinity) return
    const expiry = this.#expiries.get(timeoutMs)!
    if (ask.previous === null) expiry.head = ask.next
    else ask.previous.next = ask.next
    if (ask.next === null) expiry.tail = ask.previous
    else ask.next.previous = ask.previous
    ask.next = null
    ask.previous = null
  }

  /** The timer is left to run when the asks before it were answered: it comes once a timeout, not once an ask. */
  #arm(expiry: Expiry, timeoutMs: number, inMs: number): void {
    expiry.cancel = this.#clock.setTimer(inMs, () => {
      expiry.cancel = null
      const now = this.#clock.now()
      for (let due = expiry.head; due !== null && due.dueMs <= now; due = expiry.head) {
        this.remove(due, timeoutMs)
        due.expire()
      }
      if (expiry.head === null) this.#expiries.delete(timeoutMs)
      else this.#arm(expiry, timeoutMs, Math.max(expiry.head.dueMs - now, 1))
    })
  }

  /** No timer is left behind. */
  stop(): void {
    for (const { cancel } of this.#expiries.values()) cancel?.()
    this.#expiries.clear()
  }
}
