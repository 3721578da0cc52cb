// The actors of one worker: makes them, gives them their turns, finds them by name. Needs no WebSocket; a mesh, if it is
// given one, makes it one system with those of the other workers.

import type { Clock } from '../../connection/clock.ts'
import { ProcessClock } from '../../connection/process-clock.ts'
import type { WorkerMesh } from '../../connection/worker-mesh.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import { Actor, bear } from './actor.ts'
import type { ActorClass, ActorKind, MailboxOptions, Protocol } from './actor-class.ts'
import { noProtocol } from './actor-class.ts'
import { ActorClasses } from './actor-classes.ts'
import { logged } from './actor-report.ts'
import type { ActorReport } from './actor-report.ts'
import { AskTimeouts } from './ask.ts'
import { Cell } from './cell.ts'
import type { CellHost } from './cell-bits.ts'
import { reasonOf } from './exit-reason.ts'
import type { Down, ExitReason } from './exit-reason.ts'
import { exit, link, Monitor, watch } from './links-and-monitors.ts'
import { MailboxPool } from './mailbox.ts'
import { Ref } from './ref.ts'
import type { AnyRef, ArgumentsOf, MessageOf, RefHost } from './ref.ts'
import { Registry } from './registry.ts'
import { RunQueue } from './run-queue.ts'
import { STARTED } from './signals.ts'
import { Supervisor } from './supervisor.ts'
import { Travel } from './travel.ts'

export interface ActorSystemOptions {
  /** Default: that of the process. */
  readonly clock?: Clock
  /** The way to the other workers of the machine. The system starts it. */
  readonly mesh?: WorkerMesh
  /**
   * `'always'`: messages within this worker are serialised as those to others are; for tests. Default `'remote'`:
   * only what leaves the worker.
   */
  readonly serialize?: 'remote' | 'always'
  /**
   * Told of each actor that crashes. Default: a line on the error output, but for connections, whose crashes are in the
   * server's log.
   */
  readonly report?: (report: ActorReport) => void
}

/** A message that is sent later. */
export interface ActorTimer {
  /** False: it has been sent already. */
  cancel(): boolean
}

/** How an actor comes to be, beyond its class. */
export interface Birth {
  readonly ref?: AnyRef
  readonly parent?: AnyRef
  readonly linkTo?: Cell
  readonly name?: string
  readonly key?: string
  readonly whenStarted?: (failure: ExitReason | null) => void
}

export class ActorSystem implements CellHost, RefHost {
  readonly clock: Clock
  readonly serializes: boolean
  readonly mailboxes: MailboxPool = new MailboxPool()
  readonly asks: AskTimeouts
  /** The actor whose handler runs now. */
  current: Cell | null = null
  readonly #report: (report: ActorReport) => void
  readonly #queue: RunQueue<Cell>
  readonly #classes = new ActorClasses()
  readonly #registry: Registry
  readonly #travel: Travel
  #lastId = 0
  /** All living actors, the newest first. */
  #newest: Cell | null = null
  #livingCount = 0
  #isStopped = false
  #stopping: Promise<void> | null = null
  #whenEmpty: (() => void) | null = null
  /** The parent of actors that are started by class and key. */
  #keyedParent: Supervisor | null = null
  #joined: Promise<void> | null = null

  constructor(options: ActorSystemOptions = {}) {
    this.clock = options.clock ?? new ProcessClock(false)
    this.serializes = options.serialize === 'always'
    this.#report = options.report ?? logged
    this.#queue = new RunQueue(this.clock)
    this.#registry = new Registry(this)
    this.#travel = new Travel(this, this.#classes, this.#registry)
    const copy = (value: unknown): unknown => this.copy(value)
    this.asks = new AskTimeouts(this.clock, this.serializes ? copy : (value) => value)
    if (options.mesh !== undefined) {
      this.join(options.mesh).catch((error: unknown) => this.reportFailure(error))
    }
  }

  /** Number of this worker; 0 without a mesh. */
  get workerId(): number {
    return this.#travel.workerId
  }

  get actorCount(): number {
    return this.#livingCount
  }

  // --- Starting and finding

  /**
   * Starts an actor, and answers with its reference. What its constructor throws is thrown here.
   *
   * @throws HoldlineError ERR_ACTOR_SYSTEM, ERR_ACTOR_CLASS_NAME
   */
  spawn<A extends Actor, Args extends readonly unknown[]>(
    Class: ActorClass<A, Args>,
    ...args: Args
  ): Ref<A> {
    return this.start(Class, args, {})
  }

  /** The actor that has the name in this worker; null: none. */
  whereis<A = Actor>(name: string): Ref<A> | null
  /**
   * The actor of a class with this key on the whole machine, started if there is none: `new Class(key)`. Its reference
   * may be used at once.
   */
  whereis<A extends Actor>(Class: ActorClass<A, [key: string]>, key: string): Ref<A>
  whereis<A extends Actor>(first: string | ActorClass<A, [key: string]>, key = ''): Ref<A> | null {
    if (typeof first === 'string') return this.#registry.named(first)
    this.#mustRun()
    const { name } = this.#classes.kindOf(first)
    if (name === '') throw new HoldlineError('ERR_ACTOR_CLASS_NAME', 'a class without a name')
    return this.#registry.keyed<A>(name, key)
  }

  /**
   * As `whereis`, for who relies on it.
   *
   * @throws HoldlineError ERR_ACTOR_NAME_UNKNOWN
   */
  named<A = Actor>(name: string): Ref<A> {
    const ref = this.#registry.named(name)
    if (ref === null) throw new HoldlineError('ERR_ACTOR_NAME_UNKNOWN', name)
    return ref
  }

  /**
   * Gives an actor of this worker a name in this worker, until it ends.
   *
   * @throws HoldlineError ERR_ACTOR_NAME_TAKEN, ERR_ACTOR_NAME_UNKNOWN where the actor has ended.
   */
  register(name: string, ref: AnyRef): void {
    this.#registry.register(name, ref)
  }

  unregister(name: string): void {
    this.#registry.unregister(name)
  }

  /** Makes classes known by their names, so that references to them are of use before one was started here. */
  know(...Classes: ActorClass<Actor, never>[]): void {
    for (const Class of Classes) this.#classes.kindOf(Class)
  }

  // --- From outside of all actors

  /** Sends an exit signal. */
  exit(ref: AnyRef, reason: ExitReason): void {
    exit(ref, null, reason)
  }

  /** Resolves when the actor has ended; at once where it has. */
  whenDown(ref: AnyRef): Promise<Down> {
    return new Promise((resolve) => {
      const down = (monitor: Monitor, reason: ExitReason): void => resolve({ ref, monitor, reason })
      watch(new Monitor(ref, { down }))
    })
  }

  sendAfter<A, K extends MessageOf<A>>(
    ms: number,
    ref: Ref<A>,
    message: K,
    ...args: ArgumentsOf<A, K>
  ): ActorTimer {
    let isOver = false
    const cancel = this.clock.setTimer(ms, () => {
      isOver = true
      try {
        ;(ref.tell as Record<string, (...args: readonly unknown[]) => void>)[message]!(...args)
      } catch (error) {
        this.reportFailure(error)
      }
    })
    return {
      cancel: () => {
        if (isOver) return false
        isOver = true
        cancel()
        return true
      },
    }
  }

  /** Makes this system one with those of the other workers. Once; again with the same mesh is nothing. */
  join(mesh: WorkerMesh): Promise<void> {
    if (this.#joined !== null && this.#travel.mesh === mesh) return this.#joined
    if (this.#joined !== null || this.#isStopped) {
      return Promise.reject(
        new HoldlineError('ERR_ACTOR_SYSTEM', 'it is part of a mesh, or stopped'),
      )
    }
    this.#joined = this.#travel.join(mesh)
    return this.#joined
  }

  /** Tells all actors to shut down, the newest first; kills those that have not after `timeoutMs`. */
  stop({ timeoutMs = 5_000 }: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#stopping ??= this.#stop(timeoutMs)
    return this.#stopping
  }

  async #stop(timeoutMs: number): Promise<void> {
    this.#isStopped = true
    // Children are their parents' business.
    const roots = Array.from(this.#living()).filter(
      (cell) => (cell.rare?.parent?.cell ?? null) === null,
    )
    for (const cell of roots) cell.exitSignal(null, 'shutdown', false)
    if (this.#livingCount > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.clock.setTimer(timeoutMs, () => {
          for (const cell of Array.from(this.#living())) cell.die('killed')
        })
        this.#whenEmpty = () => {
          cancel()
          resolve()
        }
      })
    }
    this.asks.stop()
    await this.#travel.stop()
  }

  // --- For the rest of the library

  start<A extends Actor, Args extends readonly unknown[]>(
    Class: ActorClass<A, Args>,
    args: Args,
    birth: Birth,
  ): Ref<A> {
    const kind = this.#classes.kindOf(Class)
    const cell = new Cell(this, kind, this.nextId())
    if (birth.ref !== undefined) {
      birth.ref.id = cell.id
      cell.knownRef = birth.ref
    }
    this.enter(cell, () => bear(cell, () => new Class(...args)), birth)
    return cell.ref
  }

  spawnLinked<A extends Actor, Args extends readonly unknown[]>(
    parent: Cell,
    Class: ActorClass<A, Args>,
    args: Args,
  ): Ref<A> {
    return this.start(Class, args, { parent: parent.ref, linkTo: parent })
  }

  nextId(): number {
    this.#mustRun()
    return ++this.#lastId
  }

  /** A class as a route serves it, with a mailbox of the route's own. */
  kindOf(Class: ActorClass<Actor, never>, mailbox?: MailboxOptions): ActorKind {
    return this.#classes.kindOf(Class, mailbox)
  }

  /** Gives a cell its place and its actor. */
  enter(cell: Cell, make: () => Actor, birth: Birth): void {
    const { ref, key, parent, linkTo, name, whenStarted } = birth
    cell.next = this.#newest
    if (this.#newest !== null) this.#newest.previous = cell
    this.#newest = cell
    this.#livingCount++
    if (ref !== undefined) {
      ref.away = null
      ref.cell = cell
    }
    if (key !== undefined) cell.rarely().key = key
    if (parent !== undefined) cell.rarely().parent = parent
    if (cell.kind.hasStarted) {
      // Before everything that its constructor may send to it.
      cell.accept(STARTED, [cell], null)
      if (whenStarted !== undefined) cell.rarely().whenStarted = whenStarted
    }
    try {
      make()
      if (name !== undefined) this.register(name, cell.ref)
    } catch (error) {
      cell.die('shutdown')
      throw error
    }
    if (linkTo !== undefined) link(linkTo, cell.ref)
    if (!cell.kind.hasStarted) whenStarted?.(null)
  }

  startKeyed(ref: AnyRef, key: string): void {
    const Class = this.#classes.named(ref.actorName)
    if (Class === undefined) throw new HoldlineError('ERR_ACTOR_CLASS_NAME', ref.actorName)
    const parent = this.#keyedParent ?? this.#startKeyedParent()
    this.start<Actor, [string]>(Class as ActorClass<Actor, [string]>, [key], {
      ref,
      key,
      parent: parent.self,
      linkTo: Actor.cellOf(parent),
    })
    Supervisor.adopt(parent, ref)
  }

  #startKeyedParent(): Supervisor {
    const ref = this.start(Supervisor, [{}], {})
    this.#keyedParent = ref.cell!.actor as Supervisor
    return this.#keyedParent
  }

  newRef(actorName: string): AnyRef {
    return new Ref(this, 0, actorName, this.protocolNamed(actorName))
  }

  bindRemote(ref: AnyRef, workerId: number, id: number): void {
    this.#travel.bind(ref, workerId, id)
  }

  protocolNamed(name: string): Protocol {
    const Class = this.#classes.named(name)
    return Class === undefined ? noProtocol : this.#classes.kindOf(Class).protocol
  }

  schedule(cell: Cell): void {
    this.#queue.push(cell)
  }

  refOf(cell: Cell): AnyRef {
    const ref = new Ref(this, cell.id, cell.kind.name, cell.kind.protocol)
    if (!cell.isDead) ref.cell = cell
    return ref
  }

  forget(cell: Cell): void {
    if (cell.previous !== null) cell.previous.next = cell.next
    else if (this.#newest === cell) this.#newest = cell.next
    if (cell.next !== null) cell.next.previous = cell.previous
    cell.next = null
    cell.previous = null
    this.#livingCount--
    this.#registry.forget(cell)
    this.#travel.forget(cell)
    if (this.#keyedParent !== null && cell.actor === this.#keyedParent) this.#keyedParent = null
    if (this.#livingCount === 0) this.#whenEmpty?.()
  }

  report(cell: Cell, reason: ExitReason): void {
    if (this.#report !== logged || !cell.isLoggedElsewhere) this.#tellOf({ ref: cell.ref, reason })
  }

  reportFailure(error: unknown): void {
    this.#tellOf({ ref: null, reason: reasonOf(error) })
  }

  copy<T>(value: T): T {
    return this.#travel.copy(value)
  }

  #tellOf(report: ActorReport): void {
    try {
      this.#report(report)
    } catch (error) {
      logged(report)
      logged({ ref: null, reason: reasonOf(error) })
    }
  }

  *#living(): Generator<Cell> {
    for (let cell = this.#newest; cell !== null;) {
      const { next } = cell
      yield cell
      cell = next
    }
  }

  #mustRun(): void {
    if (this.#isStopped) throw new HoldlineError('ERR_ACTOR_SYSTEM', 'it is stopped')
  }
}

let ofProcess: ActorSystem | null = null

/** The system that `spawn`, `whereis` and `actors` use unless told otherwise. */
export function defaultSystem(): ActorSystem {
  return (ofProcess ??= new ActorSystem())
}
