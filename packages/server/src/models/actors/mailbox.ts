// The messages that wait for an actor, in order: a ring of slots, and behind it, when many wait, one ring after the
// other. Knows no actor; rings are used again, so that an idle actor has none.

import type { Method } from './actor-class.ts'
import type { Asked } from './ask.ts'

/** A slot of a ring is three places: the method, its arguments, and the ask that waits for its result. */
const PLACES = 3
const FIRST_CAPACITY = 8
/** Small rings are kept for whoever is sent something next, and a few large ones for who is sent much. */
const SMALL_CAPACITY = 64
/**
 * A ring grows no larger. What it would have to hold beyond that is not copied again and again, and lies in rings that
 * are as young as their messages: the garbage collector need not look for those in an old one.
 */
const LARGE_CAPACITY = 512
const MAX_SMALL = 1_024
const MAX_LARGE = 8

type Place = Method | readonly unknown[] | Asked | null

const emptyRing: readonly Place[] = Array.from({ length: LARGE_CAPACITY * PLACES }, () => null)

function newRing(capacity: number): Place[] {
  return emptyRing.slice(0, capacity * PLACES)
}

export class Mailbox {
  length = 0
  /** The oldest messages. */
  #ring: Place[] = newRing(FIRST_CAPACITY)
  #capacity = FIRST_CAPACITY
  #head = 0
  /** What came when the ring was full, in rings of the largest capacity; all but the last are full. */
  #later: Place[][] = []
  #laterCount = 0

  /** Of the ring that the oldest message is in. */
  get capacity(): number {
    return this.#capacity
  }

  push(method: Method, args: readonly unknown[], ask: Asked | null): void {
    if (this.#laterCount > 0 || this.length === this.#capacity) {
      if (this.#capacity === LARGE_CAPACITY) {
        this.#pushLater(method, args, ask)
        return
      }
      this.#grow()
    }
    const at = ((this.#head + this.length) & (this.#capacity - 1)) * PLACES
    const ring = this.#ring
    ring[at] = method
    ring[at + 1] = args
    ring[at + 2] = ask
    this.length++
  }

  /** Of the message that is `index` places behind the oldest. */
  methodAt(index: number): Method {
    return this.#ringOf(index)[this.#placeOf(index)] as Method
  }

  argsAt(index: number): readonly unknown[] {
    return this.#ringOf(index)[this.#placeOf(index) + 1] as readonly unknown[]
  }

  askAt(index: number): Asked | null {
    return this.#ringOf(index)[this.#placeOf(index) + 2] as Asked | null
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
    if (this.#laterCount > 0 && this.length === this.#laterCount) this.#nextRing()
  }

  /** Takes out one from the middle; the rest keep their order. */
  removeAt(index: number): void {
    // The older ones move up by one: a selective receive mostly takes one that is near the front.
    for (let i = index; i > 0; i--) {
      const to = this.#placeOf(i)
      const from = this.#placeOf(i - 1)
      const toRing = this.#ringOf(i)
      const fromRing = this.#ringOf(i - 1)
      for (let place = 0; place < PLACES; place++) toRing[to + place] = fromRing[from + place]!
    }
    this.shift()
  }

  #ringOf(index: number): Place[] {
    const later = index - (this.length - this.#laterCount)
    return later < 0 ? this.#ring : this.#later[Math.floor(later / LARGE_CAPACITY)]!
  }

  #placeOf(index: number): number {
    const later = index - (this.length - this.#laterCount)
    const slot =
      later < 0 ? (this.#head + index) & (this.#capacity - 1) : later & (LARGE_CAPACITY - 1)
    return slot * PLACES
  }

  /** Only while all messages are in the ring. */
  #grow(): void {
    const ring = newRing(this.#capacity * 2)
    // Full: what is before the head is the youngest.
    const head = this.#head * PLACES
    const old = this.#ring
    for (let i = 0; i < old.length; i++) ring[i] = old[(head + i) % old.length]!
    this.#capacity *= 2
    this.#ring = ring
    this.#head = 0
  }

  #pushLater(method: Method, args: readonly unknown[], ask: Asked | null): void {
    const at = (this.#laterCount & (LARGE_CAPACITY - 1)) * PLACES
    if (at === 0) this.#later.push(newRing(LARGE_CAPACITY))
    const ring = this.#later.at(-1)!
    ring[at] = method
    ring[at + 1] = args
    ring[at + 2] = ask
    this.#laterCount++
    this.length++
  }

  #nextRing(): void {
    this.#ring = this.#later.shift()!
    this.#head = 0
    this.#laterCount = Math.max(this.#laterCount - LARGE_CAPACITY, 0)
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
    const isSmall = mailbox.capacity <= SMALL_CAPACITY
    const free = isSmall ? this.#small : this.#large
    if (free.length < (isSmall ? MAX_SMALL : MAX_LARGE)) free.push(mailbox)
  }
}
