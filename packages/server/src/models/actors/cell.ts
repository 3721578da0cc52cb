// What the system holds of one actor: its state, its mailbox, the message it is at. The actor itself is the program's.
// One message at a time: a handler's promise holds the next one back. What an idle actor does not need is not there.

import { isPromise } from '../../connection/lane.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import type { ActorKind, Method } from './actor-class.ts'
import type { Asked } from './ask.ts'
import { CellBit, GONE, NOT_IDLE, OCCUPIED } from './cell-bits.ts'
import type { CellHost, Lifecycle } from './cell-bits.ts'
import { ActorDownError, isAbnormal, reasonOf } from './exit-reason.ts'
import type { Down, ExitReason } from './exit-reason.ts'
import type { Holdable } from './held-senders.ts'
import { Relations, tellOfEnd } from './links-and-monitors.ts'
import type { Monitor, Watcher } from './links-and-monitors.ts'
import type { Mailbox } from './mailbox.ts'
import { Rare } from './rare.ts'
import type { Receive } from './rare.ts'
import { Refusal } from './refusal.ts'
import { Received } from './received.ts'
import type { Match } from './received.ts'
import type { AnyRef } from './ref.ts'
import { DOWN, EXIT } from './signals.ts'

export class Cell implements Watcher {
  readonly host: CellHost
  readonly kind: ActorKind
  readonly id: number
  actor: Lifecycle | null = null
  bits = 0
  mailbox: Mailbox | null = null
  relations: Relations | null = null
  rare: Rare | null = null
  /** Of the system's list. */
  next: Cell | null = null
  previous: Cell | null = null
  /** Made when first asked for. */
  knownRef: AnyRef | null = null

  constructor(host: CellHost, kind: ActorKind, id: number) {
    this.host = host
    this.kind = kind
    this.id = id
  }

  get ref(): AnyRef {
    return (this.knownRef ??= this.host.refOf(this))
  }

  get isDead(): boolean {
    return (this.bits & CellBit.DEAD) !== 0
  }

  get isGone(): boolean {
    return (this.bits & GONE) !== 0
  }

  /** Whether its crash is in a log without the system's report. */
  get isLoggedElsewhere(): boolean {
    return false
  }

  /** Whether a message may be handled at once, as nothing is under way and nothing waits. */
  get isIdle(): boolean {
    return (this.bits & NOT_IDLE) === 0 && this.mailbox === null
  }

  rarely(): Rare {
    return (this.rare ??= new Rare())
  }

  related(): Relations {
    return (this.relations ??= new Relations())
  }

  // --- What comes in

  /** @throws HoldlineError ERR_ACTOR_MAILBOX_FULL */
  accept(
    method: Method,
    args: readonly unknown[],
    ask: Asked | null,
    sender: Holdable | null = this.host.current,
  ): void {
    if ((this.bits & GONE) !== 0) {
      ask?.fail('noproc')
      return
    }
    const mailbox = (this.mailbox ??= this.host.mailboxes.take())
    if (mailbox.length >= this.kind.limit && !method.isSignal && sender !== this) {
      this.#fill(sender)
    }
    mailbox.push(method, args, ask)
    this.wake()
  }

  /** Puts it into the run queue if there is something that it could do. */
  wake(): void {
    const { bits } = this
    if ((bits & CellBit.SCHEDULED) !== 0) return
    if ((bits & CellBit.BUSY) !== 0 && (bits & CellBit.RECEIVING) === 0) return
    this.bits = bits | CellBit.SCHEDULED
    this.host.schedule(this)
  }

  #fill(sender: Holdable | null): void {
    if (this.kind.refuses) {
      const detail = `${this.ref.toString()}, ${this.kind.limit} messages`
      throw new HoldlineError('ERR_ACTOR_MAILBOX_FULL', detail)
    }
    this.bits |= CellBit.FULL
    if (sender !== null) this.rarely().hold(sender)
  }

  /** Base actors are held back by nothing: only what comes from outside can be made to wait. */
  holdBack(): void {}
  letGo(): void {}

  down(monitor: Monitor, reason: ExitReason): void {
    this.relations?.watching.delete(monitor)
    this.accept(DOWN, [{ ref: monitor.ref, monitor, reason }], null)
  }

  /** A signal through a link counts only while the link is there. */
  exitSignal(from: AnyRef | null, reason: ExitReason, isLink: boolean): void {
    if (isLink && this.relations?.links.delete(from!.canonical) !== true) return
    const isKill = reason === 'kill' && !isLink
    if (isKill && (this.bits & CellBit.DEAD) === 0) this.die('killed')
    if (isKill || (this.bits & GONE) !== 0) return
    if ((this.bits & CellBit.TRAPPING) !== 0) this.accept(EXIT, [{ from, reason }], null)
    else if (reason !== 'normal') this.terminate(reason)
  }

  hasStarted(): void {
    const { rare } = this
    if (rare === null) return
    const told = rare.whenStarted
    rare.whenStarted = null
    told?.(null)
  }

  // --- Running

  /** Handles at most `count` messages, and answers how many it was. */
  run(count: number): number {
    let done = 0
    for (; done < count; done++) {
      const { bits, mailbox } = this
      if (mailbox === null || mailbox.length === 0) break
      if ((bits & CellBit.RECEIVING) !== 0) {
        if (!this.#matchNext(mailbox)) break
        continue
      }
      if ((bits & OCCUPIED) !== 0) break
      const method = mailbox.methodAt(0)
      const args = mailbox.argsAt(0)
      const ask = mailbox.askAt(0)
      mailbox.shift()
      if ((bits & CellBit.FULL) !== 0) this.#roomier(mailbox)
      this.handle(method, args, ask)
    }
    return done
  }

  /** After a run: whether it has more to do now. */
  settleQueue(): boolean {
    const { bits, mailbox } = this
    if (mailbox !== null && mailbox.length > 0 && (bits & OCCUPIED) === 0) {
      if ((bits & CellBit.RECEIVING) === 0 || this.rare!.receive!.tested < mailbox.length)
        return true
    }
    this.bits &= ~CellBit.SCHEDULED
    this.giveMailboxBack()
    return false
  }

  giveMailboxBack(): void {
    if (this.mailbox === null || this.mailbox.length > 0) return
    this.host.mailboxes.give(this.mailbox)
    this.mailbox = null
  }

  handle(method: Method, args: readonly unknown[], ask: Asked | null): void {
    const { host } = this
    const outer = host.current
    host.current = this
    this.bits |= CellBit.RUNNING
    let result: unknown
    try {
      result = method.call(this.actor!, args)
    } catch (error) {
      this.bits &= ~CellBit.RUNNING
      host.current = outer
      this.failed(error, ask)
      return
    }
    this.bits &= ~CellBit.RUNNING
    host.current = outer
    if (typeof result === 'object' && isPromise(result)) this.hold(result, ask)
    else if (ask !== null || (this.bits & CellBit.STOP_ASKED) !== 0) this.#handled(result, ask)
  }

  /** For what is handled without the mailbox. */
  protected returned(result: unknown): void {
    if (typeof result === 'object' && isPromise(result)) this.hold(result, null)
    else if ((this.bits & CellBit.STOP_ASKED) !== 0) this.#handled(result, null)
  }

  /** Nothing else is handled until the promise settles. */
  hold(result: PromiseLike<unknown>, ask: Asked | null): void {
    if ((this.bits & CellBit.DEAD) === 0) {
      this.bits |= CellBit.BUSY
      if (ask !== null) this.rarely().ask = ask
    } else ask?.fail('noproc')
    result.then(
      (value) => this.#settled(value, ask),
      (error: unknown) => {
        // What goes on in a dead actor's handler concerns nobody.
        if (this.#isFreeAgain()) this.failed(error, ask)
      },
    )
  }

  #settled(value: unknown, ask: Asked | null): void {
    if (!this.#isFreeAgain()) return
    this.#handled(value, ask)
    if (this.mailbox !== null) this.wake()
  }

  #isFreeAgain(): boolean {
    if ((this.bits & CellBit.DEAD) !== 0) return false
    this.bits &= ~CellBit.BUSY
    if (this.rare !== null) this.rare.ask = null
    return true
  }

  #handled(result: unknown, ask: Asked | null): void {
    if ((this.bits & CellBit.DEAD) !== 0) ask?.fail('noproc')
    else ask?.reply(result)
    if ((this.bits & CellBit.STOP_ASKED) !== 0) this.terminate(this.rare!.stopReason!)
  }

  failed(error: unknown, ask: Asked | null): void {
    if (error instanceof Refusal && ask !== null) {
      ask.refuse(error.answer)
      return
    }
    const reason = reasonOf(error)
    ask?.fail(reason)
    this.terminate(reason)
  }

  /** Half of the mailbox is free again: who was held back goes on. */
  #roomier(mailbox: Mailbox): void {
    if (mailbox.length > this.kind.limit / 2) return
    this.bits &= ~CellBit.FULL
    this.rare?.letAllGo()
  }

  // --- Selective receive

  receive(match: Match, timeoutMs: number): Promise<Received | null> {
    if ((this.bits & GONE) !== 0) return Promise.reject(this.#downError('noproc'))
    if ((this.bits & CellBit.RECEIVING) !== 0) {
      return Promise.reject(new HoldlineError('ERR_ACTOR_RECEIVE', this.ref.toString()))
    }
    return new Promise((resolve, reject) => {
      const receive: Receive = { match, resolve, reject, tested: 0, cancel: null }
      this.rarely().receive = receive
      this.bits |= CellBit.RECEIVING
      // What waits already is looked through now: a timeout of 0 takes only from that.
      const { mailbox } = this
      while (mailbox !== null && receive.tested < mailbox.length) {
        if (this.#matchNext(mailbox) && (this.bits & CellBit.RECEIVING) === 0) return
      }
      if (timeoutMs === 0) this.#endReceive().resolve(null)
      else if (timeoutMs !== Infinity) {
        const expire = (): void => this.#endReceive().resolve(null)
        receive.cancel = this.host.clock.setTimer(timeoutMs, expire)
      }
    })
  }

  /** Tries the oldest message that was not tried; false: all were. */
  #matchNext(mailbox: Mailbox): boolean {
    const receive = this.rare!.receive!
    const at = receive.tested
    if (at >= mailbox.length) return false
    const { name } = mailbox.methodAt(at)
    const args = mailbox.argsAt(at)
    receive.tested++
    let isWanted: boolean
    try {
      const isStale = mailbox.methodAt(at) === DOWN && isTakenBack(args)
      isWanted = !isStale && receive.match({ method: name, args })
    } catch (error) {
      this.#endReceive().reject(error)
      return true
    }
    if (!isWanted) return true
    const ask = mailbox.askAt(at)
    mailbox.removeAt(at)
    if ((this.bits & CellBit.FULL) !== 0) this.#roomier(mailbox)
    if (ask !== null) this.rarely().awaitReply(ask)
    this.#endReceive().resolve(new Received(name, args, ask))
    return true
  }

  #endReceive(): Receive {
    const receive = this.rare!.receive!
    this.rare!.receive = null
    this.bits &= ~CellBit.RECEIVING
    receive.cancel?.()
    // Where no handler waits for it, what it left is next.
    if (this.mailbox !== null && this.mailbox.length > 0) this.wake()
    return receive
  }

  // --- The end

  /** Ends after the message it is at; at once where it is at none. */
  stop(reason: ExitReason): void {
    if ((this.bits & GONE) !== 0) return
    if ((this.bits & (CellBit.RUNNING | CellBit.BUSY)) === 0) {
      this.terminate(reason)
      return
    }
    this.rarely().stopReason ??= reason
    this.bits |= CellBit.STOP_ASKED
  }

  /** Ends now; `stopped` has the last word, and may take its time. */
  terminate(reason: ExitReason): void {
    if ((this.bits & GONE) !== 0) return
    this.bits |= CellBit.STOPPING
    if (!this.kind.hasStopped) {
      this.die(reason)
      return
    }
    const outer = this.host.current
    this.host.current = this
    try {
      const result = this.actor!.stopped(reason)
      if (isPromise(result)) {
        const last = (): void => this.die(reason)
        result.then(last, (error: unknown) =>
          this.die(isAbnormal(reason) ? reason : reasonOf(error)),
        )
      } else this.die(reason)
    } catch (error) {
      this.die(isAbnormal(reason) ? reason : reasonOf(error))
    } finally {
      this.host.current = outer
    }
  }

  die(reason: ExitReason): void {
    if ((this.bits & CellBit.DEAD) !== 0) return
    const { mailbox, rare, relations } = this
    const ref = relations === null ? null : this.ref
    this.bits = (this.bits & CellBit.SCHEDULED) | CellBit.DEAD
    this.host.forget(this, reason)
    if (this.knownRef !== null) this.knownRef.cell = null
    // A worker or a line that is gone is no failure of the actor's.
    if (isAbnormal(reason) && reason !== 'noconnection') this.host.report(this, reason)
    this.mailbox = null
    this.relations = null
    this.rare = null
    if (rare !== null) {
      rare.letAllGo()
      rare.failAll(reason)
      rare.receive?.cancel?.()
      rare.receive?.reject(this.#downError(reason))
    }
    if (mailbox !== null) {
      for (let i = 0; i < mailbox.length; i++) mailbox.askAt(i)?.fail(reason)
    }
    if (relations !== null) tellOfEnd(ref!, relations, reason)
    rare?.whenStarted?.(reason)
    this.died(reason)
    this.actor = null
  }

  /** For what must go with the actor. */
  protected died(_reason: ExitReason): void {}

  #downError(reason: ExitReason): ActorDownError {
    return new ActorDownError(this.ref.toString(), reason)
  }
}

function isTakenBack(args: readonly unknown[]): boolean {
  return ((args[0] as Down).monitor as Monitor).isTakenBack
}
