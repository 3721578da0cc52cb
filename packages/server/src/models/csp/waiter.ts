// One who waits at a channel, to send or to receive, and the list of those. A select waits in several lists at once, so
// each can be taken out of the middle of one without a search.

/** What a receive gives: a value, or that the channel is closed and empty. */
export type Received<T> =
  | { readonly value: T; readonly ok: true }
  | { readonly value: undefined; readonly ok: false }

/** A select that waits: the first of its waiters that is served takes all others out of their lists. */
export interface WaitingSelect {
  commit(key: string, value: unknown, ok: boolean): void
  fail(error: Error): void
}

/** What becomes of a waiter that is served. */
export const WaitFor = { SEND: 0, RECEIVE: 1, NEXT: 2 } as const
export type WaitFor = (typeof WaitFor)[keyof typeof WaitFor]

export class Waiter {
  readonly kind: WaitFor
  /** Of a sender: what it sends. */
  value: unknown
  /** Of its promise; null for a case of a select. */
  readonly #resolve: ((result: unknown) => void) | null
  readonly #select: WaitingSelect | null
  readonly #key: string
  list: WaiterList | null = null
  previous: Waiter | null = null
  next: Waiter | null = null

  constructor(
    kind: WaitFor,
    value: unknown,
    resolve: ((result: unknown) => void) | null,
    select: WaitingSelect | null,
    key: string,
  ) {
    this.kind = kind
    this.value = value
    this.#resolve = resolve
    this.#select = select
    this.#key = key
  }

  /** It is served. It must be in no list any more. */
  complete(value: unknown, ok: boolean): void {
    if (this.#select !== null) this.#select.commit(this.#key, value, ok)
    else if (this.kind === WaitFor.RECEIVE) this.#resolve!({ value, ok })
    else if (this.kind === WaitFor.NEXT) this.#resolve!({ value, done: !ok })
    else this.#resolve!(undefined)
  }

  fail(error: Error): void {
    if (this.#select !== null) this.#select.fail(error)
    else this.#resolve!(failed(error))
  }

  /** Waits no more. */
  leave(): void {
    this.list?.remove(this)
  }
}

/** Told of a list that somebody waits in, and of one whose last waiter left without being served. */
export interface ListWatcher {
  occupied(): void
  deserted(): void
}

/** Those who wait, oldest first. */
export class WaiterList {
  first: Waiter | null = null
  #last: Waiter | null = null
  readonly #watcher: ListWatcher | null

  constructor(watcher: ListWatcher | null = null) {
    this.#watcher = watcher
  }

  get isEmpty(): boolean {
    return this.first === null
  }

  /** Counted one by one: for tests and statistics. */
  get length(): number {
    let length = 0
    for (let waiter = this.first; waiter !== null; waiter = waiter.next) length++
    return length
  }

  push(waiter: Waiter): void {
    waiter.list = this
    waiter.previous = this.#last
    const last = this.#last
    this.#last = waiter
    if (last !== null) {
      last.next = waiter
      return
    }
    this.first = waiter
    this.#watcher?.occupied()
  }

  /** Takes the oldest out. */
  shift(): Waiter | null {
    const { first } = this
    if (first !== null) this.#unlink(first)
    return first
  }

  remove(waiter: Waiter): void {
    this.#unlink(waiter)
    if (this.first === null) this.#watcher?.deserted()
  }

  #unlink(waiter: Waiter): void {
    const { previous, next } = waiter
    if (previous === null) this.first = next
    else previous.next = next
    if (next === null) this.#last = previous
    else next.previous = previous
    waiter.list = null
    waiter.previous = null
    waiter.next = null
  }
}

let captured: (result: unknown) => void = () => {}
const capture = (resolve: (result: never) => void): void => {
  captured = resolve as (result: unknown) => void
}

/** A promise of a new waiter at the end of a list. One executor for all: a closure for each would cost 100 bytes. */
export function waitIn<R>(list: WaiterList, kind: WaitFor, value?: unknown): Promise<R> {
  const promise = new Promise<R>(capture)
  list.push(new Waiter(kind, value, captured, null, ''))
  return promise
}

/** A promise that is rejected. */
export function failed(error: Error): Promise<never> {
  return Promise.reject(error)
}
