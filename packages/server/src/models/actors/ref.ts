// A reference to an actor, wherever it is: what is sent through it is sent the same way to this worker and to others.
// Knows no system.

import type { Actor } from './actor.ts'
import type { ConnectionActor } from './connection-actor.ts'
import { noProtocol } from './actor-class.ts'
import type { AskOptions, Method, Protocol, Stub, StubTarget } from './actor-class.ts'
import type { AskTimeouts } from './ask.ts'
import { PendingAsk } from './ask.ts'
import type { Cell } from './cell.ts'
import type { ExitReason } from './exit-reason.ts'
import type { Monitor } from './links-and-monitors.ts'

/** Names of a class that are no messages: those of its base, and all that begin with `_`. */
type Reserved<A> =
  | ('connectionActorType' extends keyof A ? keyof ConnectionActor : keyof Actor)
  | `_${string}`

/** Names of the messages that actors of a class understand. */
export type MessageOf<A> = {
  [K in Exclude<keyof A, Reserved<A>> & string]: A[K] extends (...args: never) => unknown
    ? K
    : never
}[Exclude<keyof A, Reserved<A>> & string]

/** What a message is told with. */
export type ArgumentsOf<A, K extends MessageOf<A>> = A[K] extends (...args: infer P) => unknown
  ? P
  : readonly unknown[]

export type Tell<A> = {
  readonly [K in MessageOf<A>]: A[K] extends (...args: infer P) => unknown
    ? (...args: P) => void
    : never
}

export type AskMethods<A> = {
  readonly [K in MessageOf<A>]: A[K] extends (...args: infer P) => infer R
    ? (...args: P) => Promise<Awaited<R>>
    : never
}

export type Ask<A> = ((options: AskOptions) => AskMethods<A>) & AskMethods<A>

/** A reference to an actor of any class. */
// oxlint-disable-next-line typescript/no-explicit-any -- it is given where a Ref<Room> is wanted, as a Down's is
export type AnyRef = Ref<any>

/** Where signals go whose actor is not in this worker, or not known yet. */
export interface Away {
  /** Of the worker; null: not known yet. */
  readonly workerId: number | null
  tell(to: AnyRef, method: Method, args: readonly unknown[]): void
  ask(to: AnyRef, method: Method, args: readonly unknown[], ask: PendingAsk): void
  link(to: AnyRef, from: Cell): void
  unlink(to: AnyRef, from: Cell): void
  exit(to: AnyRef, from: AnyRef | null, reason: ExitReason, isLink: boolean): void
  monitor(monitor: Monitor): void
  demonitor(monitor: Monitor): void
}

/** What all references of a system share. */
export interface RefHost {
  readonly workerId: number
  readonly asks: AskTimeouts
  /** Whether local messages are serialised too. */
  readonly serializes: boolean
  copy<T>(value: T): T
  protocolNamed(name: string): Protocol
}

export class Ref<A = Actor> implements StubTarget {
  /** For the compiler: a Ref<Room> is no Ref<Session>. */
  declare readonly actorType?: A
  /** Of its class. */
  readonly actorName: string
  readonly host: RefHost
  id: number
  /** Where the actor is; both null: it has ended. */
  cell: Cell | null = null
  away: Away | null = null
  /** The one reference that stands for the actor in this worker, where this one was there before it was known. */
  canonical: AnyRef = this
  #protocol: Protocol | null
  #tell: Stub | null = null
  #ask: Stub | null = null

  constructor(host: RefHost, id: number, actorName: string, protocol: Protocol | null) {
    this.host = host
    this.id = id
    this.actorName = actorName
    this.#protocol = protocol
  }

  /** Number of the actor's worker; null: not known yet. */
  get workerId(): number | null {
    return this.away === null ? this.host.workerId : this.away.workerId
  }

  /** Whether this worker knows that the actor has ended. */
  get isDead(): boolean {
    return this.cell === null && this.away === null
  }

  /**
   * Sends a message and does not wait. Silent where the actor has ended.
   *
   * @throws HoldlineError ERR_ACTOR_MESSAGE where a value cannot travel, ERR_ACTOR_MAILBOX_FULL where the mailbox
   * refuses.
   */
  get tell(): Tell<A> {
    return (this.#tell ?? this.#stub('tell')) as unknown as Tell<A>
  }

  /**
   * Sends a message and waits for what its method returns: `ask.name(…)` for 5 s, `ask({ timeoutMs }).name(…)`.
   * Rejects with HoldlineError ERR_ACTOR_TIMEOUT, ERR_ACTOR_DOWN, ERR_ACTOR_MESSAGE, ERR_ACTOR_METHOD,
   * ERR_ACTOR_MAILBOX_FULL.
   */
  get ask(): Ask<A> {
    return (this.#ask ?? this.#stub('ask')) as unknown as Ask<A>
  }

  /** Whether both stand for one actor. */
  equals(other: AnyRef): boolean {
    return this.canonical === other.canonical
  }

  toString(): string {
    return `${this.actorName === '' ? 'actor' : this.actorName}<${this.workerId ?? '?'}.${this.id}>`
  }

  // --- What stubs call

  send(method: Method, args: readonly unknown[]): void {
    const cell = this.cell
    if (cell !== null) cell.accept(method, this.host.serializes ? this.host.copy(args) : args, null)
    else if (this.away !== null) this.away.tell(this, method, args)
    else if (this.host.serializes) this.host.copy(args)
  }

  request(method: Method, args: readonly unknown[], timeoutMs: number): Promise<unknown> {
    const ask = new PendingAsk(this.host.asks, this, method.name, timeoutMs)
    this.requestAs(ask, method, args)
    return ask.promise
  }

  requestAs(ask: PendingAsk, method: Method, args: readonly unknown[]): void {
    const { host, cell } = this
    try {
      if (cell !== null) cell.accept(method, host.serializes ? host.copy(args) : args, ask)
      else if (this.away !== null) this.away.ask(this, method, args, ask)
      else ask.fail('noproc')
    } catch (error) {
      ask.refuse(error)
    }
  }

  /** Kept, unless the class is not known here yet. */
  #stub(which: 'tell' | 'ask'): Stub {
    const protocol = (this.#protocol ??= this.host.protocolNamed(this.actorName))
    if (protocol === noProtocol) this.#protocol = null
    const stub = which === 'tell' ? protocol.tellStub(this) : protocol.askStub(this)
    if (protocol !== noProtocol) {
      if (which === 'tell') this.#tell = stub
      else this.#ask = stub
    }
    return stub
  }
}
