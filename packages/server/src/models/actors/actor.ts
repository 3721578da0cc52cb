// What a program's actors extend. Its public methods are the messages that an actor understands; what it does itself
// goes through the methods that it inherits, which are no messages.

import { HoldlineError } from '../../protocol/errors.ts'
import { isBase } from './actor-class.ts'
import type { ActorClass } from './actor-class.ts'
import type { ActorSystem, ActorTimer } from './actor-system.ts'
import { CellBit } from './cell-bits.ts'
import type { Cell } from './cell.ts'
import type { Down, Exit, ExitReason } from './exit-reason.ts'
import { exit, link, Monitor, unlink, unwatch, watch } from './links-and-monitors.ts'
import type { Match, Received } from './received.ts'
import type { AnyRef, ArgumentsOf, MessageOf, Ref } from './ref.ts'

/** The cell of the actor that is about to be made: constructors of programs take arguments of their own. */
let unborn: Cell | null = null

/** Makes the actor of a cell. */
export function bear<A extends Actor>(cell: Cell, make: () => A): A {
  const outer = unborn
  unborn = cell
  try {
    return make()
  } finally {
    unborn = outer
  }
}

export abstract class Actor {
  readonly #cell: Cell

  constructor() {
    if (unborn === null) throw new HoldlineError('ERR_ACTOR_CREATION', new.target.name)
    this.#cell = unborn
    unborn = null
    this.#cell.actor = this
  }

  /** For the library: what the system holds of an actor. */
  static cellOf(actor: Actor): Cell {
    return actor.#cell
  }

  /** The reference to this actor; `self<Room>(this)` gives it with its type. */
  get self(): Ref<Actor> {
    return this.#cell.ref
  }

  get system(): ActorSystem {
    return this.#cell.host as unknown as ActorSystem
  }

  // --- What a program may override

  /** First, before every message. */
  started(): void | Promise<void> {}

  /** Last, whatever the reason, unless it was killed. */
  stopped(_reason: ExitReason): void | Promise<void> {}

  /** A monitor tells of an end. */
  down(_down: Down): void | Promise<void> {}

  /** An exit signal came while `trapExit` is true. Default: that of its parent ends it. */
  exit(exit: Exit): void | Promise<void> {
    const parent = this.#cell.rare?.parent ?? null
    if (exit.from === null || (parent !== null && exit.from.equals(parent))) this.stop(exit.reason)
  }

  // --- What it may do

  /** Whether exit signals become calls of `exit`; all but `kill`. */
  get trapExit(): boolean {
    return (this.#cell.bits & CellBit.TRAPPING) !== 0
  }

  set trapExit(traps: boolean) {
    if (traps) this.#cell.bits |= CellBit.TRAPPING
    else this.#cell.bits &= ~CellBit.TRAPPING
  }

  /** Ends this actor after the message it is at. */
  stop(reason: ExitReason = 'normal'): void {
    this.#cell.stop(reason)
  }

  spawn<A extends Actor, Args extends readonly unknown[]>(
    Class: ActorClass<A, Args>,
    ...args: Args
  ): Ref<A> {
    return this.system.spawn(Class, ...args)
  }

  /** As `spawn`, with a link: the two end together. */
  spawnLink<A extends Actor, Args extends readonly unknown[]>(
    Class: ActorClass<A, Args>,
    ...args: Args
  ): Ref<A> {
    return this.system.spawnLinked(this.#cell, Class, args)
  }

  spawnMonitor<A extends Actor, Args extends readonly unknown[]>(
    Class: ActorClass<A, Args>,
    ...args: Args
  ): { readonly ref: Ref<A>; readonly monitor: Monitor } {
    const ref = this.system.spawn(Class, ...args)
    return { ref, monitor: this.monitor(ref) }
  }

  /** Both ways, once for a pair: the abnormal end of one ends the other, unless that traps exits. */
  link(ref: AnyRef): void {
    link(this.#cell, ref)
  }

  unlink(ref: AnyRef): void {
    unlink(this.#cell, ref)
  }

  /** One way: `down` is called once when the other ends, at once where it has. Each call is a monitor of its own. */
  monitor(ref: AnyRef): Monitor {
    const monitor = new Monitor(ref, this.#cell)
    if (this.#cell.isGone) return monitor
    this.#cell.related().watching.add(monitor)
    watch(monitor)
    return monitor
  }

  /** From now on the monitor tells nothing, what waits in the mailbox included. */
  demonitor(monitor: Monitor): void {
    this.#cell.relations?.watching.delete(monitor)
    unwatch(monitor)
  }

  /** Sends another actor an exit signal, as from this one; `kill` cannot be trapped. */
  sendExit(ref: AnyRef, reason: ExitReason): void {
    if (ref.canonical === this.#cell.knownRef && reason === 'normal') this.stop('normal')
    else exit(ref, this.#cell.ref, reason)
  }

  /**
   * Waits within a handler for the oldest message that fits; the rest keep their order. `null`: none came in time.
   * Rejects with HoldlineError ERR_ACTOR_RECEIVE while another waits.
   */
  receive(match: Match, options?: { readonly timeoutMs?: number }): Promise<Received | null> {
    return this.#cell.receive(match, options?.timeoutMs ?? Infinity)
  }

  /** Sends a message later. */
  sendAfter<A, K extends MessageOf<A>>(
    ms: number,
    ref: Ref<A>,
    message: K,
    ...args: ArgumentsOf<A, K>
  ): ActorTimer {
    return this.system.sendAfter<A, K>(ms, ref, message, ...args)
  }

  /**
   * Gives this actor a name in this worker.
   *
   * @throws HoldlineError ERR_ACTOR_NAME_TAKEN
   */
  register(name: string): void {
    this.system.register(name, this.self)
  }
}

isBase(Actor)

/** The reference to an actor, with its type. */
export function self<A extends Actor>(actor: A): Ref<A> {
  return actor.self as unknown as Ref<A>
}
