// The thread's end of the way between a thread and the event loop: it blocks. What it must not know: who is at the
// other end, and what the parcels mean.

import { ParcelReader, ParcelWriter } from './parcels.ts'
import { Ring } from './ring.ts'
import type { ThreadMemory } from './thread-memory.ts'
import { Word } from './thread-memory.ts'

/**
 * How nothing is missed: the thread reads `EVENT`, looks at what it waits for, says that it `WAITS`, and waits only
 * while `EVENT` is still what it was. The loop changes what is waited for, then `EVENT`, and then looks at `WAITS`.
 */
export class ThreadEnd {
  /** The parcel that `receive` took. */
  readonly parcel: ParcelReader
  readonly #words: Int32Array
  readonly #inbound: Ring
  readonly #writer: ParcelWriter
  readonly #call: () => void
  #isRetired = false

  /** @param call Makes the loop look; called once until it has. */
  constructor(memory: ThreadMemory, call: () => void) {
    this.#words = new Int32Array(memory.words)
    this.#inbound = new Ring(memory.inbound)
    this.parcel = new ParcelReader(this.#inbound)
    this.#writer = new ParcelWriter(new Ring(memory.outbound))
    this.#call = call
  }

  /** Whether nothing that is sent will arrive any more. */
  get hasEnded(): boolean {
    return this.#isRetired || Atomics.load(this.#words, Word.ENDED) === 1
  }

  /** Whether `retire` was called. */
  get isRetired(): boolean {
    return this.#isRetired
  }

  /** From now on the memory is somebody else's: nothing is read from it or written to it. */
  retire(): void {
    this.#isRetired = true
  }

  /**
   * Blocks until a parcel has come.
   *
   * @param deadlineMs On the clock of `performance.now()`; Infinity for none. False: it has passed.
   */
  receive(deadlineMs: number): boolean {
    for (;;) {
      if (this.#isRetired) return false
      const event = Atomics.load(this.#words, Word.EVENT)
      const isWhole = this.parcel.next()
      this.#offerRoom()
      if (isWhole) return true
      if (!this.#wait(event, deadlineMs)) return false
    }
  }

  /** Blocks until the parcel is written. False: not written, nothing that is sent will arrive. */
  send(kind: number, payload: string | Uint8Array): boolean {
    if (this.hasEnded) return false
    this.deliver(kind, payload)
    return !this.hasEnded
  }

  /** Blocks until the parcel is written, even where the loop only drops it. */
  deliver(kind: number, payload: string | Uint8Array): void {
    if (this.#isRetired) return
    // What has begun is finished, or everything behind it would be read as its rest. The loop goes on reading to the
    // end of the session, and so this comes to an end.
    for (let isDone = this.#writer.write(kind, payload); !isDone;) {
      const event = Atomics.load(this.#words, Word.EVENT)
      isDone = this.#writer.flush()
      this.callLoop()
      if (!isDone) this.#wait(event, Infinity)
    }
    this.callLoop()
  }

  /** Never blocks. False: there is no room for the whole parcel now, and nothing is written. */
  trySend(kind: number, payload: string | Uint8Array): boolean {
    if (this.#isRetired || !this.#writer.tryWrite(kind, payload)) return false
    this.callLoop()
    return true
  }

  /** Whether a payload of so many bytes could ever be sent without blocking. */
  fits(count: number): boolean {
    return this.#writer.fits(count)
  }

  /** Blocks for a time. False: it ended before, because nothing that is sent will arrive any more. */
  sleep(deadlineMs: number): boolean {
    for (;;) {
      const event = Atomics.load(this.#words, Word.EVENT)
      if (this.hasEnded) return false
      if (!this.#wait(event, deadlineMs)) return true
    }
  }

  /** Makes the loop look, unless it has been called and has not looked yet. */
  callLoop(): void {
    if (Atomics.exchange(this.#words, Word.CALLED, 1) === 0) this.#call()
  }

  /** After reading: the loop may have a rest to write. Half a ring at a time, not a call for each parcel. */
  #offerRoom(): void {
    if (Atomics.load(this.#words, Word.WANTS_ROOM) === 0) return
    if (this.#inbound.freeBytes < this.#inbound.capacityBytes / 2) return
    if (Atomics.exchange(this.#words, Word.WANTS_ROOM, 0) === 1) this.callLoop()
  }

  #wait(event: number, deadlineMs: number): boolean {
    const ms = deadlineMs === Infinity ? Infinity : deadlineMs - performance.now()
    if (ms <= 0) return false
    Atomics.store(this.#words, Word.WAITS, 1)
    Atomics.wait(this.#words, Word.EVENT, event, ms)
    Atomics.store(this.#words, Word.WAITS, 0)
    return true
  }
}
