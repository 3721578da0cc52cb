// One slot for each line: its descriptor, its state, the operations under way. Columns of numbers, so that an idle
// line costs the reactor a few bytes and no object.

/** What is so about a line. */
export const LineBit = {
  /** The reception that goes on by itself is under way. */
  RECEIVING: 1,
  /** Its cancellation is under way. */
  CANCELLING: 2,
  PAUSED: 4,
  SENDING: 8,
  /** The other side has ended its direction, and the owner was told. */
  READ_ENDED: 16,
  /** The same, to be told when the line runs again. */
  READ_END_HELD: 32,
  /** This side has ended its direction. */
  WRITE_ENDED: 64,
  /** The line is being dropped: what completes is of no interest any more. */
  CLOSING: 128,
} as const

/**
 * Generations go round after this many: a completion is never so late. Few enough that the user data of an operation
 * is exact as one number, as which a cancellation names it.
 */
const GENERATIONS = 1 << 16

const FIRST_CAPACITY = 64

export class Slots<Owner extends object> {
  fd: Int32Array = new Int32Array(FIRST_CAPACITY)
  bits: Uint8Array = new Uint8Array(FIRST_CAPACITY)
  /** Operations under way on the line; a slot is free again when there are none. */
  underWay: Uint8Array = new Uint8Array(FIRST_CAPACITY)
  /** Distinguishes the lines that have had this slot one after the other. */
  generation: Uint16Array = new Uint16Array(FIRST_CAPACITY)
  /** Bytes of the request head at the start of the stream, which have been read already by peeking. */
  skip: Int32Array = new Int32Array(FIRST_CAPACITY)
  /** Where the bytes lie that are being sent, and how many are left. */
  sendAddress: Float64Array = new Float64Array(FIRST_CAPACITY)
  sendLeft: Int32Array = new Int32Array(FIRST_CAPACITY)
  owners: (Owner | null)[] = []
  #free: number[] = []
  /** Slots from here on have never been used. */
  #top = 0
  #count = 0

  /** Lines now. */
  get count(): number {
    return this.#count
  }

  take(fd: number, owner: Owner): number {
    const slot = this.#free.pop() ?? this.#next()
    this.#count++
    this.fd[slot] = fd
    this.bits[slot] = 0
    this.underWay[slot] = 0
    this.skip[slot] = 0
    this.owners[slot] = owner
    return slot
  }

  #next(): number {
    const slot = this.#top++
    if (slot === this.fd.length) this.#grow(slot * 2)
    this.owners.push(null)
    return slot
  }

  #grow(capacity: number): void {
    const grown = <A extends Int32Array | Uint16Array | Uint8Array | Float64Array>(
      column: A,
      bigger: A,
    ): A => {
      bigger.set(column)
      return bigger
    }
    this.fd = grown(this.fd, new Int32Array(capacity))
    this.bits = grown(this.bits, new Uint8Array(capacity))
    this.underWay = grown(this.underWay, new Uint8Array(capacity))
    this.generation = grown(this.generation, new Uint16Array(capacity))
    this.skip = grown(this.skip, new Int32Array(capacity))
    this.sendAddress = grown(this.sendAddress, new Float64Array(capacity))
    this.sendLeft = grown(this.sendLeft, new Int32Array(capacity))
  }

  /** Completions of the line that had the slot are recognised from now on as stale. */
  release(slot: number): void {
    this.owners[slot] = null
    this.fd[slot] = -1
    this.generation[slot] = (this.generation[slot]! + 1) & (GENERATIONS - 1)
    this.#count--
    this.#free.push(slot)
  }

  /** Every line now, by slot. */
  *entries(): IterableIterator<[slot: number, owner: Owner]> {
    for (let slot = 0; slot < this.#top; slot++) {
      const owner = this.owners[slot]
      if (owner !== null && owner !== undefined) yield [slot, owner]
    }
  }
}
