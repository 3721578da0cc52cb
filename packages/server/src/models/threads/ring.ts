// Bytes from one thread to another, in order, through shared memory: one writer, one reader, no lock. Knows neither
// what the bytes mean nor who waits for them.

/** The two positions lie in cache lines of their own, or each side's writes would slow the other's reads. */
const WRITTEN = 0
const READ = 16
const HEAD_BYTES = 128

/** Everything in the ring begins at a multiple of this, so that a head never lies across its end. */
export const RING_ALIGNMENT = 8

/**
 * Both positions only grow and wrap at 2³²; their difference is what is in the ring. A position is published after the
 * bytes it speaks of, with the order that `Atomics` gives.
 */
export class Ring {
  readonly capacityBytes: number
  readonly bytes: Buffer
  readonly #positions: Int32Array

  /** @param memory What `Ring.memoryOf` gave, in either thread. */
  constructor(memory: SharedArrayBuffer) {
    this.capacityBytes = memory.byteLength - HEAD_BYTES
    this.#positions = new Int32Array(memory, 0, HEAD_BYTES / 4)
    this.bytes = Buffer.from(memory as never, HEAD_BYTES)
  }

  /** @param capacityBytes A power of two, so that the positions may wrap. */
  static memoryOf(capacityBytes: number): SharedArrayBuffer {
    return new SharedArrayBuffer(HEAD_BYTES + capacityBytes)
  }

  get usedBytes(): number {
    return (this.written - this.readCount) | 0
  }

  get freeBytes(): number {
    return this.capacityBytes - this.usedBytes
  }

  private get written(): number {
    return Atomics.load(this.#positions, WRITTEN)
  }

  /** Bytes that were read so far; wraps to the negative numbers at 2³¹. */
  get readCount(): number {
    return Atomics.load(this.#positions, READ)
  }

  /** Where the writer goes on, as an index into `bytes`. */
  get writeIndex(): number {
    return this.written & (this.capacityBytes - 1)
  }

  /** Where the reader goes on, as an index into `bytes`. */
  get readIndex(): number {
    return this.readCount & (this.capacityBytes - 1)
  }

  /** The writer: so many bytes behind `writeIndex` may be read now. */
  didWrite(count: number): void {
    Atomics.store(this.#positions, WRITTEN, (this.written + count) | 0)
  }

  /** The reader: so many bytes behind `readIndex` may be overwritten now. */
  didRead(count: number): void {
    Atomics.store(this.#positions, READ, (this.readCount + count) | 0)
  }

  /** Copies in what fits of `from[start, end)`, and returns how much that was. */
  write(from: Uint8Array, start: number, end: number): number {
    const count = Math.min(end - start, this.freeBytes)
    if (count === 0) return 0
    const at = this.writeIndex
    const first = Math.min(count, this.capacityBytes - at)
    this.bytes.set(from.subarray(start, start + first), at)
    if (first < count) this.bytes.set(from.subarray(start + first, start + count), 0)
    this.didWrite(count)
    return count
  }

  /** Copies out what is there to `into[start, end)`, and returns how much that was. */
  copyOut(into: Uint8Array, start: number, end: number): number {
    const count = Math.min(end - start, this.usedBytes)
    if (count === 0) return 0
    const at = this.readIndex
    const first = Math.min(count, this.capacityBytes - at)
    into.set(this.bytes.subarray(at, at + first), start)
    if (first < count) into.set(this.bytes.subarray(0, count - first), start + first)
    this.didRead(count)
    return count
  }

  /** Empties it; only while neither side uses it. */
  clear(): void {
    Atomics.store(this.#positions, WRITTEN, 0)
    Atomics.store(this.#positions, READ, 0)
  }
}
