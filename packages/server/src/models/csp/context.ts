// Contexts as in Go: a tree along which the end of a piece of work is told, downward only. Also what travels with the
// work: a deadline and values. Its nodes are cheap, and a node that ended is in no list any more.

import type { Clock } from '../../connection/clock.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import { setAlarm } from './alarm.ts'
import { Channel } from './channel.ts'
import { defaultClock } from './default-clock.ts'
import type { Source } from './source.ts'

/** What `withCancel` and its like give. Cancel when the work is done, or dispose: it frees its place in the parent. */
export interface CancelScope extends Disposable {
  readonly ctx: Context
  /** Ends the context and all below it. Once ended, this does nothing. */
  cancel(cause?: unknown): void
}

/** Names a value of contexts, with its type. Two keys of one name are two. */
export class ContextKey<T> {
  readonly name: string
  /** For the compiler only. */
  declare readonly valueType?: T

  constructor(name: string) {
    this.name = name
  }
}

type EndCode = 'ERR_CONTEXT_CANCELLED' | 'ERR_CONTEXT_DEADLINE'

/** How a tree ended, told to all of it. Most scopes end because their work is done, and nobody asks for the error. */
class Ending {
  readonly #code: EndCode
  readonly #cause: unknown
  #error: HoldlineError | null = null

  constructor(code: EndCode, cause: unknown) {
    this.#code = code
    this.#cause = cause
  }

  get error(): HoldlineError {
    return (this.#error ??= new HoldlineError(this.#code))
  }

  get cause(): unknown {
    return this.#cause === undefined ? this.error : this.#cause
  }
}

/** A node that can end. Contexts that differ in their values only share one. */
export class Lifetime {
  readonly clock: Clock
  /** On the clock; Infinity for none. */
  readonly deadlineMs: number
  /** Null: it has not ended. */
  ending: Ending | null = null
  readonly #isRoot: boolean
  #parent: Lifetime | null = null
  #firstChild: Lifetime | null = null
  #previous: Lifetime | null = null
  #next: Lifetime | null = null
  #done: Channel<never> | null = null
  #abort: AbortController | null = null
  /** Lets go of what could end this one: a timer, a signal. */
  #letGo: (() => void) | null = null

  constructor(parent: Lifetime | null, clock: Clock, deadlineMs: number) {
    this.clock = clock
    this.#isRoot = parent === null
    this.deadlineMs = Math.min(deadlineMs, parent === null ? Infinity : parent.deadlineMs)
    if (parent === null) return
    this.ending = parent.ending
    if (this.ending !== null) return
    // What never ends need not know whom to tell: nothing is kept alive by it.
    if (!parent.#isRoot) this.#joinParent(parent)
    if (deadlineMs < parent.deadlineMs) {
      this.#letGo = setAlarm(clock, deadlineMs, () => {
        this.end('ERR_CONTEXT_DEADLINE')
      })
    }
  }

  get done(): Channel<never> {
    if (this.#done === null) {
      this.#done = new Channel<never>()
      if (this.ending !== null) this.#done.close()
    }
    return this.#done
  }

  get signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController()
      if (this.ending !== null) this.#abort.abort(this.ending.error)
    }
    return this.#abort.signal
  }

  get childCount(): number {
    let count = 0
    for (let child = this.#firstChild; child !== null; child = child.#next) count++
    return count
  }

  /** First all of the tree are told, then those who wait: nobody sees a parent that ended and a child that did not. */
  end(code: EndCode, cause?: unknown): void {
    if (this.ending !== null) return
    const ending = new Ending(code, cause)
    const ended: Lifetime[] = [this]
    for (const one of ended) {
      one.ending = ending
      one.#letGo?.()
      one.#letGo = null
      for (let child = one.#firstChild; child !== null; child = child.#next) ended.push(child)
    }
    this.#leaveParent()
    for (const one of ended) {
      one.#parent = null
      one.#firstChild = null
      one.#previous = null
      one.#next = null
    }
    for (const one of ended) {
      one.#done?.close()
      one.#abort?.abort(ending.error)
    }
  }

  /** Ends when the signal is aborted. */
  endWith(signal: AbortSignal): void {
    const onAbort = (): void => {
      this.end('ERR_CONTEXT_CANCELLED', signal.reason)
    }
    if (signal.aborted) onAbort()
    else if (this.ending === null) {
      signal.addEventListener('abort', onAbort)
      this.#letGo = () => signal.removeEventListener('abort', onAbort)
    }
  }

  #joinParent(parent: Lifetime): void {
    this.#parent = parent
    this.#next = parent.#firstChild
    if (this.#next !== null) this.#next.#previous = this
    parent.#firstChild = this
  }

  #leaveParent(): void {
    if (this.#parent === null) return
    if (this.#previous === null) this.#parent.#firstChild = this.#next
    else this.#previous.#next = this.#next
    if (this.#next !== null) this.#next.#previous = this.#previous
  }
}

interface Carried {
  readonly key: ContextKey<unknown>
  readonly value: unknown
  readonly next: Carried | null
}

export class Context {
  readonly #lifetime: Lifetime
  readonly #carried: Carried | null

  constructor(lifetime: Lifetime, carried: Carried | null = null) {
    this.#lifetime = lifetime
    this.#carried = carried
  }

  /** Closed when the context ends. */
  get done(): Source<never> {
    return this.#lifetime.done
  }

  /** Null until it ends; then ERR_CONTEXT_CANCELLED or ERR_CONTEXT_DEADLINE. */
  get err(): HoldlineError | null {
    return this.#lifetime.ending === null ? null : this.#lifetime.ending.error
  }

  /** What was given to `cancel`, or `err`. */
  get cause(): unknown {
    return this.#lifetime.ending?.cause
  }

  /** On the context's clock, in milliseconds; Infinity for none. */
  get deadlineMs(): number {
    return this.#lifetime.deadlineMs
  }

  get clock(): Clock {
    return this.#lifetime.clock
  }

  /** For what takes an AbortSignal, such as fetch; aborted with `err`. Built when first asked for. */
  get signal(): AbortSignal {
    return this.#lifetime.signal
  }

  /** Contexts right below this one that have not ended. */
  get childCount(): number {
    return this.#lifetime.childCount
  }

  /** @throws HoldlineError `err`, once it has ended. */
  check(): void {
    if (this.err !== null) throw this.err
  }

  value<T>(key: ContextKey<T>): T | undefined {
    for (let one = this.#carried; one !== null; one = one.next) {
      if (one.key === key) return one.value as T
    }
    return undefined
  }

  /** For `withValue`. */
  with<T>(key: ContextKey<T>, value: T): Context {
    return new Context(this.#lifetime, { key, value, next: this.#carried })
  }

  /** For `withCancel` and its like. */
  below(deadlineMs: number, signal: AbortSignal | null = null): CancelScope {
    const lifetime = new Lifetime(this.#lifetime, this.clock, deadlineMs)
    if (signal !== null) lifetime.endWith(signal)
    const cancel = (cause?: unknown): void => lifetime.end('ERR_CONTEXT_CANCELLED', cause)
    return {
      ctx: new Context(lifetime, this.#carried),
      cancel,
      [Symbol.dispose]: () => cancel(),
    }
  }
}

/** The root of a tree: it never ends, has no deadline and no values. Its clock is that of all below it. */
function background(clock: Clock = defaultClock): Context {
  return new Context(new Lifetime(null, clock, Infinity))
}

/** A lifetime right below a root, for who makes many: leaner than a scope. */
export function newLifetime(): Lifetime {
  return new Lifetime(processRoot, defaultClock, Infinity)
}

const processRoot = new Lifetime(null, defaultClock, Infinity)

function withCancel(parent: Context): CancelScope {
  return parent.below(Infinity)
}

/** Ends at a moment of the context's clock, or with its parent, whichever is sooner. */
function withDeadline(parent: Context, deadlineMs: number): CancelScope {
  if (Number.isNaN(deadlineMs)) throw new HoldlineError('ERR_OPTION_INVALID', 'a deadline of NaN')
  return parent.below(deadlineMs)
}

function withTimeout(parent: Context, timeoutMs: number): CancelScope {
  return withDeadline(parent, parent.clock.now() + timeoutMs)
}

/** Ends when the signal is aborted, with its reason as the cause, or with its parent. */
function withSignal(parent: Context, signal: AbortSignal): CancelScope {
  return parent.below(Infinity, signal)
}

/** The same context, with one more value. It ends when its parent does. */
function withValue<T>(parent: Context, key: ContextKey<T>, value: NoInfer<T>): Context {
  return parent.with(key, value)
}

function key<T>(name: string): ContextKey<T> {
  return new ContextKey<T>(name)
}

/** Whether an error says no more than that the context ended, as its signal says it too. */
export function isEndOf(ctx: Context, error: unknown): boolean {
  if (ctx.err === null) return false
  if (error === ctx.err || error === ctx.cause) return true
  return error instanceof Error && error.name === 'AbortError'
}

/** Go's package of that name. */
export const context: {
  readonly background: typeof background
  readonly withCancel: typeof withCancel
  readonly withDeadline: typeof withDeadline
  readonly withTimeout: typeof withTimeout
  readonly withSignal: typeof withSignal
  readonly withValue: typeof withValue
  readonly key: typeof key
} = { background, withCancel, withDeadline, withTimeout, withSignal, withValue, key }
