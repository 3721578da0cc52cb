// The messages that wait for an actor: a ring of slots, in order. Knows no actor; small ones are used again, so that an
// idle actor has none.

import type { Method } from './actor-class.ts'
import type { Asked } from './ask.ts'

/** A slot of the ring is three places: the method, its arguments, and the ask that waits for its result. */
const PLACES = 3
const FIRST_CAPACITY = 8
/** Small rings are kept for whoever is sent something next; a few large ones for who is sent much; others are dropped. */
const SMALL_CAPACITY = 64
const LARGE_CAPACITY = 4_096
const MAX_SMALL = 1_024
const MAX_LARGE = 8

type Place = Method | readonly unknown[] | Asked | null

export class Mailbox {
  length = 0
  #ring: Place[] = Array.from({ length: FIRST_CAPACITY * PLACES }, () => null)
  #capacity = FIRST_CAPACITY
  #head = 0

  get capacity(): number {
    return this.#capacity
  }

  push(method: Method, args: readonly unknown[], ask: Asked | null): void {
    if (this.length === this.#capacity) this.#grow()
    const at = this.#placeOf(this.length)
    const ring = this.#ring
    ring[at] = method
    ring[at + 1] = args
    ring[at + 2] = ask
    this.length++
  }

  /** Of the message that is `index` places behind the oldest. */
  methodAt(index: number): Method {
    return this.#ring[this.#placeOf(index)] as Method
  }

  argsAt(index: number): readonly unknown[] {
    return this.#ring[this.#placeOf(index) + 1] as readonly unknown[]
  }

  askAt(index: number): Asked | null {
    return this.#ring[this.#placeOf(index) + 2] as Asked | null
  }

  /** Drops the oldest, which the caller has read. */
  shift(): void {
    const at = this.#head * PLACES
    const ring = this.#ring
    ring[at] = null
    ring[at + 1] = null
    ring[at + 2] = null
    this.#head = (this.#head + 1) & (this.#capacity - 1)
    this.length--
  }

  /** Takes out one from the middle; the rest keep their order. */
  removeAt(index: number): void {
    // The older ones move up by one: a selective receive mostly takes one that is near the front.
    const ring = this.#ring
    for (let i = index; i > 0; i--) {
      const to = this.#placeOf(i)
      const from = this.#placeOf(i - 1)
      for (let place = 0; place < PLACES; place++) ring[to + place] = ring[from + place]!
    }
    this.shift()
  }

  #placeOf(index: number): number {
    return ((this.#head + index) & (this.#capacity - 1)) * PLACES
  }

  #grow(): void {
    const ring: Place[] = []
    for (let i = 0; i < this.length; i++) {
      const at = this.#placeOf(i)
      for (let place = 0; place < PLACES; place++) ring.push(this.#ring[at + place]!)
    }
    this.#capacity *= 2
    while (ring.length < this.#capacity * PLACES) ring.push(null)
    this.#ring = ring
    this.#head = 0
  }
}

/** Empty mailboxes that wait for the next message to anybody. */
export class MailboxPool {
  readonly #small: Mailbox[] = []
  readonly #large: Mailbox[] = []

  take(): Mailbox {
    return this.#large.pop() ?? this.#small.pop() ?? new Mailbox()
  }

  /** Must be empty. */
  give(mailbox: Mailbox): void {
    const { capacity } = mailbox
    if (capacity > LARGE_CAPACITY) return
    const isSmall = capacity <= SMALL_CAPACITY
    const free = isSmall ? this.#small : this.#large
    if (free.length < (isSmall ? MAX_SMALL : MAX_LARGE)) free.push(mailbox)
  }
}
