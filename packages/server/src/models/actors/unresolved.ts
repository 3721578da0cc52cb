// A reference whose actor is not known yet: what is sent through it waits here, in order, and no more than a bound.

import { HoldlineError } from '../../protocol/errors.ts'
import type { Method } from './actor-class.ts'
import type { PendingAsk } from './ask.ts'
import type { Cell } from './cell.ts'
import type { ExitReason } from './exit-reason.ts'
import { exit, link, unlink, watch } from './links-and-monitors.ts'
import type { Monitor } from './links-and-monitors.ts'
import type { AnyRef, Away } from './ref.ts'

/** Messages and signals that wait. */
const MAX_WAITING = 1_024

export class Unresolved implements Away {
  readonly workerId = null
  readonly actorName: string
  readonly key: string
  #waiting: (() => void)[] = []
  #asks: PendingAsk[] = []

  readonly #report: (error: unknown) => void

  constructor(actorName: string, key: string, report: (error: unknown) => void) {
    this.actorName = actorName
    this.key = key
    this.#report = report
  }

  tell(to: AnyRef, method: Method, args: readonly unknown[]): void {
    if (this.#waiting.length >= MAX_WAITING) throw full(to)
    // Serialised now: the sender hears of what cannot travel, and may change what it sent.
    const copy = to.host.copy(args)
    this.#waiting.push(() => to.send(method, copy))
  }

  ask(to: AnyRef, method: Method, args: readonly unknown[], ask: PendingAsk): void {
    if (this.#waiting.length >= MAX_WAITING) throw full(to)
    const copy = to.host.copy(args)
    this.#asks.push(ask)
    this.#waiting.push(() => {
      if (!ask.isDone) to.requestAs(ask, method, copy)
    })
  }

  link(to: AnyRef, from: Cell): void {
    this.#waiting.push(() => {
      if (!from.isGone) link(from, to)
      else exit(to, from.ref, 'noproc')
    })
  }

  unlink(to: AnyRef, from: Cell): void {
    this.#waiting.push(() => unlink(from, to))
  }

  exit(to: AnyRef, from: AnyRef | null, reason: ExitReason): void {
    this.#waiting.push(() => exit(to, from, reason))
  }

  monitor(monitor: Monitor): void {
    this.#waiting.push(() => {
      if (!monitor.isTakenBack) watch(monitor)
    })
  }

  demonitor(): void {}

  /** The reference knows its actor now, or that there will be none. */
  resolved(failure: ExitReason | null): void {
    const waiting = this.#waiting
    this.#waiting = []
    if (failure !== null) for (const ask of this.#asks) ask.fail(failure)
    for (const send of waiting) {
      try {
        send()
      } catch (error) {
        this.#report(error)
      }
    }
  }
}

function full(to: AnyRef): HoldlineError {
  const detail = `${to.actorName}, which is being looked for`
  return new HoldlineError('ERR_ACTOR_MAILBOX_FULL', detail)
}
