// What a connection needs of the thing that moves its bytes; each engine implements it.

import type { Piece, Slab } from './slab.ts'

/**
 * Of one line, or of many: then `line` tells which. No call leads back into the connection: what happens is
 * reported later, by `bytesWritten`, `received`, `ended` and `transportClosed` of HeldConnection.
 */
export interface Transport {
  /**
   * Hands over bytes `[start, end)` of the slab, in order. True: all taken, the memory may be reused. False: under
   * way; the memory must stay as it is, and nothing more may be written, until the engine calls `bytesWritten`.
   */
  write(line: number, slab: Slab, start: number, end: number): boolean
  /** The same for several pieces that leave together. */
  writeAll(line: number, pieces: readonly Piece[]): boolean
  /** Asks for no more bytes; a few may still come. The end of the other side is not reported meanwhile. */
  pause(line: number): void
  resume(line: number): void
  /** Ends the sending direction after what was written (TCP FIN). */
  end(line: number): void
  /** Drops the line now, unsent bytes included. What is written afterwards is taken and forgotten. */
  destroy(line: number): void
}

/** The line of a transport that has only one. */
export const ONLY_LINE = 0
