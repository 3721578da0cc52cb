// Publishers that wait for a slow subscriber, in whichever process it is. A process with one says so on a topic of its own,
// with a lease: if it dies, nobody waits for it for ever.

import type { CancelTimer, Clock } from '../connection/clock.ts'

export const HOLD_TOPIC = '$hold'
/** For so long others wait without hearing again. */
export const HOLD_LEASE_MS = 1_500

export interface HoldPlace {
  readonly clock: Clock
  /** Names this process. */
  readonly processName: () => string
  /** Tells the other processes. */
  tell(message: string): void
}

interface Queue {
  /** Each waits for the one before it. */
  last: Promise<void>
  bytes: number
  count: number
}

export class Hold {
  readonly #place: HoldPlace
  /** Topics that are held here, with how many subscribers hold each. */
  readonly #own = new Map<string, number>()
  /** Topics that others hold: until when, by process. */
  readonly #others = new Map<string, Map<string, number>>()
  readonly #queues = new Map<string, Queue>()
  readonly #freed = new Set<() => void>()
  #cancelRenewal: CancelTimer | null = null

  constructor(place: HoldPlace) {
    this.#place = place
  }

  /** Whether publishers of the topic have to wait, or others wait before them. */
  isHeld(topic: string): boolean {
    return this.#queues.has(topic) || this.#isHeldNow(topic)
  }

  #isHeldNow(topic: string): boolean {
    if (this.#own.has(topic)) return true
    const others = this.#others.get(topic)
    if (others === undefined) return false
    const now = this.#place.clock.now()
    for (const [process, untilMs] of others) if (untilMs <= now) others.delete(process)
    if (others.size > 0) return true
    this.#others.delete(topic)
    return false
  }

  /** A subscriber here holds the topic. */
  hold(topic: string): void {
    const count = this.#own.get(topic) ?? 0
    this.#own.set(topic, count + 1)
    if (count === 0) this.#tell(topic, true)
    this.#renewLater()
  }

  release(topic: string): void {
    const count = this.#own.get(topic)
    if (count === undefined) return
    if (count > 1) {
      this.#own.set(topic, count - 1)
      return
    }
    this.#own.delete(topic)
    this.#tell(topic, false)
    this.#wake()
  }

  /** Another process has told. */
  heard(message: string): void {
    const { process, topic, isHeld } = parse(message)
    if (process === this.#place.processName() || topic === '') return
    const others = this.#others.get(topic) ?? new Map<string, number>()
    if (isHeld) {
      others.set(process, this.#place.clock.now() + HOLD_LEASE_MS)
      this.#others.set(topic, others)
    } else {
      others.delete(process)
      if (others.size === 0) this.#others.delete(topic)
      this.#wake()
    }
  }

  processGone(process: string): void {
    for (const others of this.#others.values()) others.delete(process)
    this.#wake()
  }

  /** Bytes that wait to be published on the topic. */
  waitingBytes(topic: string): number {
    return this.#queues.get(topic)?.bytes ?? 0
  }

  /** Resolves when it may be published: nobody holds the topic, or `blockMs` is over. In order of the calls. */
  wait(topic: string, bytes: number, blockMs: number): Promise<void> {
    const queue = this.#queues.get(topic) ?? { last: Promise.resolve(), bytes: 0, count: 0 }
    this.#queues.set(topic, queue)
    queue.bytes += bytes
    queue.count++
    const untilMs = this.#place.clock.now() + blockMs
    const turn = queue.last.then(() => this.#free(topic, untilMs))
    queue.last = turn.then(() => {
      queue.bytes -= bytes
      if (--queue.count === 0) this.#queues.delete(topic)
    })
    return queue.last
  }

  #free(topic: string, untilMs: number): Promise<void> | void {
    const leftMs = untilMs - this.#place.clock.now()
    if (leftMs <= 0 || !this.#isHeldNow(topic)) return
    return new Promise<void>((resolve) => {
      // Asked again: a lease may end without a word.
      const cancel = this.#place.clock.setTimer(Math.min(leftMs, HOLD_LEASE_MS / 3), () => wake())
      const wake = (): void => {
        cancel()
        this.#freed.delete(wake)
        resolve()
      }
      this.#freed.add(wake)
    }).then(() => this.#free(topic, untilMs))
  }

  #wake(): void {
    for (const wake of Array.from(this.#freed)) wake()
  }

  #renewLater(): void {
    if (this.#cancelRenewal !== null) return
    this.#cancelRenewal = this.#place.clock.setTimer(HOLD_LEASE_MS / 3, () => {
      this.#cancelRenewal = null
      for (const topic of this.#own.keys()) this.#tell(topic, true)
      if (this.#own.size > 0) this.#renewLater()
    })
  }

  #tell(topic: string, isHeld: boolean): void {
    this.#place.tell(JSON.stringify([this.#place.processName(), topic, isHeld]))
  }

  /** Nobody waits any more. */
  stop(): void {
    this.#cancelRenewal?.()
    this.#cancelRenewal = null
    this.#own.clear()
    this.#others.clear()
    this.#wake()
  }
}

/** What is not a word of this kind holds nothing. */
function parse(message: string): { process: string; topic: string; isHeld: boolean } {
  try {
    const [process, topic, isHeld] = JSON.parse(message) as unknown[]
    if (typeof process === 'string' && typeof topic === 'string') {
      return { process, topic, isHeld: isHeld === true }
    }
  } catch {
    // Another version's.
  }
  return { process: '', topic: '', isHeld: false }
}
