// Memory for what one turn sends: frames are built side by side in a slab and leave as pieces of it, so that a
// small message costs no allocation. Knows nothing of connections.

import { Slab, SlabPool } from './slab.ts'

/** One slab serves some 2,500 short frames; larger ones gave nothing more (`npm run bench`). */
const SLAB_BYTES = 65_536
/** Payloads from here on get memory of their own. */
export const LARGE_BYTES = 16_384
/** Slabs that are kept for reuse; further ones are given up when a slow connection still pins these. */
const KEPT_SLABS = 8

export class SendArena {
  slab: Slab = new Slab(SLAB_BYTES)
  /** Where the next frame goes. */
  position = 0
  /** Memory for large messages. */
  readonly pool: SlabPool = new SlabPool()
  /** Whether nothing in `slab` waits to be handed over. */
  #isHandedOver = true
  readonly #slabs: Slab[] = [this.slab]
  /** Slabs that this turn has filled. */
  readonly #filled: Slab[] = []

  /** Whether `count` more bytes fit behind `position`. */
  fits(count: number): boolean {
    return this.position + count <= SLAB_BYTES
  }

  /** Makes room for `count` bytes (at most LARGE_BYTES) at `position`, in another slab if need be. */
  reserve(count: number): void {
    if (this.#isHandedOver) {
      this.#isHandedOver = false
      // Everything that was sent from the slab has been taken: it begins anew.
      if (this.slab.pins === 0) this.position = 0
    }
    if (this.fits(count)) return
    this.slab = this.#free()
    this.position = 0
  }

  /** One from which nothing is under way, and in which nothing of this turn waits. */
  #free(): Slab {
    this.#filled.push(this.slab)
    for (const slab of this.#slabs) {
      if (slab.pins === 0 && !this.#filled.includes(slab)) return slab
    }
    const fresh = new Slab(SLAB_BYTES)
    if (this.#slabs.length === KEPT_SLABS) this.#slabs.shift()
    this.#slabs.push(fresh)
    return fresh
  }

  /** Everything of this turn was handed over. */
  turnEnded(): void {
    this.#isHandedOver = true
    this.#filled.length = 0
  }
}
