// What a class of actors understands: its public methods are its protocol. Builds the stubs of references, once per
// class. Knows no system.

import { HoldlineError } from '../../protocol/errors.ts'
import type { Actor } from './actor.ts'

/** A class that extends Actor. */
export interface ActorClass<A extends Actor = Actor, Args extends readonly unknown[] = never> {
  new (...args: Args): A
  readonly prototype: A
  readonly name: string
  /** What other workers find the class by; the name of the class unless set. */
  readonly actorName?: string
  readonly mailbox?: MailboxOptions
}

export interface MailboxOptions {
  /** Messages that may wait. Default: no limit. */
  readonly limit?: number
  /**
   * `'pause'` (the default): the connection actors that send are not read until half of it is free; nothing is
   * refused. `'refuse'`: who sends has ERR_ACTOR_MAILBOX_FULL.
   */
  readonly onFull?: 'pause' | 'refuse'
}

type Callable = (this: unknown, ...args: readonly unknown[]) => unknown

/** One method of a protocol, or a signal. */
export class Method {
  readonly name: string
  /** A signal (DOWN, a trapped exit, a frame) is never refused, and has no name in a protocol. */
  readonly isSignal: boolean
  readonly #f: Callable

  constructor(name: string, f: Callable, isSignal = false) {
    this.name = name
    this.#f = f
    this.isSignal = isSignal
  }

  call(actor: object, args: readonly unknown[]): unknown {
    const f = this.#f
    switch (args.length) {
      case 0:
        return f.call(actor)
      case 1:
        return f.call(actor, args[0])
      case 2:
        return f.call(actor, args[0], args[1])
      default:
        return f.apply(actor, args as unknown[])
    }
  }
}

/** What the stubs of a reference send through. */
export interface StubTarget {
  send(method: Method, args: readonly unknown[]): void
  request(method: Method, args: readonly unknown[], timeoutMs: number): Promise<unknown>
}

export const DEFAULT_ASK_MS = 5_000

// Symbols: a method may be called `target`.
const TARGET: unique symbol = Symbol('holdline.target')
const TIMEOUT_MS: unique symbol = Symbol('holdline.timeoutMs')

/** An object whose class has a method for each of the protocol. */
export interface Stub {
  readonly [TARGET]: StubTarget
  readonly [TIMEOUT_MS]: number
}

class PlainStub implements Stub {
  readonly [TARGET]: StubTarget
  readonly [TIMEOUT_MS]: number

  constructor(target: StubTarget, timeoutMs: number) {
    this[TARGET] = target
    this[TIMEOUT_MS] = timeoutMs
  }
}

export interface AskOptions {
  /** Milliseconds until the answer is given up; Infinity: never. Default 5,000. */
  readonly timeoutMs: number
}

export class Protocol {
  readonly methods: ReadonlyMap<string, Method>
  readonly #Tell: typeof PlainStub
  readonly #Ask: typeof PlainStub

  constructor(methods: ReadonlyMap<string, Method>) {
    this.methods = methods
    this.#Tell = stubClass(methods, tellOf)
    this.#Ask = stubClass(methods, askOf)
  }

  tellStub(target: StubTarget): Stub {
    return new this.#Tell(target, 0)
  }

  /** A function that answers with stubs of another timeout, and is one of the default itself. */
  askStub(target: StubTarget): Stub & ((options: AskOptions) => Stub) {
    const Ask = this.#Ask
    const ask = (options: AskOptions): Stub => new Ask(target, checkedMs(options.timeoutMs))
    // A method may be called `name` or `length`.
    const own = ask as unknown as { name?: string; length?: number }
    delete own.name
    delete own.length
    Object.setPrototypeOf(ask, Ask.prototype)
    return Object.assign(ask, { [TARGET]: target, [TIMEOUT_MS]: DEFAULT_ASK_MS })
  }
}

function checkedMs(timeoutMs: number): number {
  if (timeoutMs === Infinity || (timeoutMs >= 0 && timeoutMs <= 0x7fff_ffff)) return timeoutMs
  throw new HoldlineError('ERR_OPTION_INVALID', `timeoutMs ${timeoutMs}`)
}

function stubClass(
  methods: ReadonlyMap<string, Method>,
  build: (method: Method) => unknown,
): typeof PlainStub {
  const Class = class extends PlainStub {}
  for (const [name, method] of methods) {
    Object.defineProperty(Class.prototype, name, { value: build(method) })
  }
  return Class
}

function tellOf(method: Method) {
  return function tell(this: Stub, ...args: readonly unknown[]): void {
    this[TARGET].send(method, args)
  }
}

function askOf(method: Method) {
  return function ask(this: Stub, ...args: readonly unknown[]): Promise<unknown> {
    return this[TARGET].request(method, args, this[TIMEOUT_MS])
  }
}

/** Prototypes whose methods are no messages: those of Actor and ConnectionActor. */
const bases = new Set<object>([Object.prototype])
const protocols = new WeakMap<object, Protocol>()

/** For the classes that others extend. */
export function isBase(Class: { readonly prototype: object }): void {
  bases.add(Class.prototype)
}

/** Of a class that nothing is known of: references to it can be handed on, watched, and told nothing. */
export const noProtocol: Protocol = new Protocol(new Map())

export function protocolOf(Class: { readonly prototype: object }): Protocol {
  const known = protocols.get(Class)
  if (known !== undefined) return known
  const methods = new Map<string, Method>()
  const reserved = new Set<string>()
  const chain: object[] = []
  for (let at: object | null = Class.prototype; at !== null; at = Object.getPrototypeOf(at)) {
    if (bases.has(at)) for (const name of Object.getOwnPropertyNames(at)) reserved.add(name)
    else chain.push(at)
  }
  for (const prototype of chain) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      const isMessage = typeof value === 'function' && !name.startsWith('_') && !reserved.has(name)
      // The first one found is that of the class itself, which overrides those it extends.
      if (isMessage && !methods.has(name)) methods.set(name, new Method(name, value as Callable))
    }
  }
  const protocol = new Protocol(methods)
  protocols.set(Class, protocol)
  return protocol
}

/** What the class is called in other workers; '' where it has no name. */
export function actorNameOf(Class: { readonly name: string; readonly actorName?: string }): string {
  return Class.actorName ?? Class.name
}

/** A class in one system. */
export interface ActorKind {
  readonly name: string
  readonly protocol: Protocol
  readonly limit: number
  readonly refuses: boolean
  /** Whether it has something to do first, and last. */
  readonly hasStarted: boolean
  readonly hasStopped: boolean
}
