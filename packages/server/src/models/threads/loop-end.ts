// The event loop's end of the way between a thread and the event loop: it never blocks. What it must not know: what
// the parcels mean.

import { ParcelReader, ParcelWriter } from './parcels.ts'
import { Ring } from './ring.ts'
import type { ThreadMemory } from './thread-memory.ts'
import { Word } from './thread-memory.ts'

export interface LoopEndListener {
  /** A parcel came. False: no more for now, until `resume`. */
  parcel(kind: number, payload: string | Uint8Array): boolean
  /** All that was written has found room, after a `write` that had not. */
  room(): void
}

export class LoopEnd {
  readonly #words: Int32Array
  readonly #inbound: Ring
  readonly #outbound: Ring
  #writer: ParcelWriter
  #reader: ParcelReader
  readonly #listener: LoopEndListener
  #isHeld = false

  constructor(memory: ThreadMemory, listener: LoopEndListener) {
    this.#words = new Int32Array(memory.words)
    this.#inbound = new Ring(memory.inbound)
    this.#outbound = new Ring(memory.outbound)
    this.#writer = new ParcelWriter(this.#inbound)
    this.#reader = new ParcelReader(this.#outbound)
    this.#listener = listener
  }

  /** Sends a parcel. False: taken too, but a rest waits for room; hold back until `room` is called. */
  write(kind: number, payload: string | Uint8Array): boolean {
    const isDone = this.#writer.write(kind, payload) || this.#flushOrAsk()
    this.#tellThread()
    return isDone
  }

  /** Nothing that the thread sends arrives any more: `send` tells it so, and `sleep` ends. */
  end(): void {
    Atomics.store(this.#words, Word.ENDED, 1)
    this.#tellThread()
  }

  /** The thread called. */
  called(): void {
    // First: what is written from now on is followed by another call.
    Atomics.store(this.#words, Word.CALLED, 0)
    if (this.#writer.hasRest) {
      const isDone = this.#writer.flush() || this.#flushOrAsk()
      this.#tellThread()
      if (isDone) this.#listener.room()
    }
    this.#read()
  }

  /** Goes on after `parcel` returned false. */
  resume(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#read()
  }

  /** Makes it as new, for the next session; only while the thread does not use it. */
  reset(): void {
    for (const word of Object.values(Word)) Atomics.store(this.#words, word, 0)
    this.#inbound.clear()
    this.#outbound.clear()
    this.#writer = new ParcelWriter(this.#inbound)
    this.#reader = new ParcelReader(this.#outbound)
    this.#isHeld = false
  }

  /** Reads what is there now and not what comes meanwhile: a thread that only sends must not keep the loop. */
  #read(): void {
    if (this.#isHeld) return
    const outbound = this.#outbound
    const reader = this.#reader
    let left = outbound.usedBytes
    while (left > 0) {
      const before = outbound.readCount
      const isWhole = reader.next()
      if (isWhole && !this.#listener.parcel(reader.kind, reader.payload)) {
        this.#isHeld = true
        break
      }
      left -= (outbound.readCount - before) | 0
      // The listener may have given the memory to the next session.
      if (!isWhole || reader !== this.#reader) break
    }
    this.#tellThread()
  }

  /** Asks to be called when there is room, and looks once more: the thread may have read in between. */
  #flushOrAsk(): boolean {
    Atomics.store(this.#words, Word.WANTS_ROOM, 1)
    if (!this.#writer.flush()) return false
    Atomics.store(this.#words, Word.WANTS_ROOM, 0)
    return true
  }

  #tellThread(): void {
    Atomics.add(this.#words, Word.EVENT, 1)
    if (Atomics.load(this.#words, Word.WAITS) === 1) Atomics.notify(this.#words, Word.EVENT, 1)
  }
}
