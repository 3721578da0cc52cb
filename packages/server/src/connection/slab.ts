// Memory that bytes are sent from: a buffer that stays where it is, and how many writes of it are under way.

/** A piece of memory from which an engine sends. An engine may keep there where it lies for the kernel. */
export class Slab {
  readonly bytes: Buffer
  /** Writes under way from it: while there are any, what they send must stay as it is. */
  pins = 0
  /** Where the memory lies, for engines that give addresses to the kernel; 0: nobody has asked yet. */
  address = 0
  /** Whether it goes back to the pool behind its last write. */
  isPooled = false

  /** @param size - in bytes; above 64, so that the memory is not in V8's heap, where it would be moved */
  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size)
  }
}

/** Bytes `[start, end)` of a slab, which stay as they are for as long as somebody holds the piece. */
export interface Piece {
  readonly slab: Slab
  readonly start: number
  readonly end: number
}

/** From this size on memory is kept for the next who needs as much: fresh memory costs a page fault every 4 KiB. */
export const POOLED_BYTES = 16_384
const LARGEST_POOLED_BYTES = 4 * 1_048_576
/** The most that the pool keeps, until it is trimmed. */
const KEPT_BYTES = 32 * 1_048_576

/** Slabs for large messages, in four sizes between a power of two and the next. */
export class SlabPool {
  readonly #free = new Map<number, Slab[]>()
  #keptBytes = 0

  /** A slab of at least `size` bytes. */
  take(size: number): Slab {
    if (size < POOLED_BYTES || size > LARGEST_POOLED_BYTES) return new Slab(size)
    const step = 2 ** (29 - Math.clz32(size - 1))
    const rounded = Math.ceil(size / step) * step
    const kept = this.#free.get(rounded)?.pop()
    if (kept !== undefined) this.#keptBytes -= rounded
    const slab = kept ?? new Slab(rounded)
    slab.isPooled = true
    return slab
  }

  /** Nobody uses the slab any more; one that is not of the pool is left alone. */
  give(slab: Slab): void {
    if (!slab.isPooled) return
    slab.isPooled = false
    const size = slab.bytes.length
    if (this.#keptBytes + size > KEPT_BYTES) return
    this.#keptBytes += size
    const free = this.#free.get(size)
    if (free === undefined) this.#free.set(size, [slab])
    else free.push(slab)
  }

  /** Gives the memory of a burst back. */
  trim(): void {
    // Given back at once; left to the collector, it would stay until the next burst.
    for (const slabs of this.#free.values()) {
      for (const { bytes } of slabs) (bytes.buffer as ArrayBuffer).transfer(0)
    }
    this.#free.clear()
    this.#keptBytes = 0
  }
}
