// Memory for what one turn sends: frames are built side by side in a slab and leave as slices of it, so that a
// small message costs no allocation. Knows nothing of connections.

/** One slab serves some 2,500 short frames; larger ones gave nothing more (`npm run bench`). */
const SLAB_BYTES = 65_536
/** Payloads from here on get memory of their own. */
export const LARGE_BYTES = 16_384

export class SendArena {
  slab: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES)
  /** Where the next frame goes. */
  position = 0
  #pinned = false

  /** Whether `count` more bytes fit behind `position`. */
  fits(count: number): boolean {
    return this.position + count <= SLAB_BYTES
  }

  /** Makes room for `count` bytes (at most LARGE_BYTES) at `position`, in a new slab if need be. */
  reserve(count: number): void {
    if (this.fits(count)) return
    this.slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
    this.position = 0
    this.#pinned = false
  }

  /** A slice of the slab is still under way: none of it will be written a second time. */
  pin(): void {
    this.#pinned = true
  }

  /**
   * Everything of this turn was handed over. Begins the slab anew, or goes on behind what is still under way, so
   * that a slow connection costs no slab a turn.
   */
  turnEnded(): void {
    if (!this.#pinned) this.position = 0
  }
}
