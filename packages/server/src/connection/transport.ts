// What a connection needs of the thing that moves its bytes; each engine implements it.

/**
 * One per connection. No call leads back into the connection: what happens is reported later, by
 * `bytesWritten`, `received`, `ended` and `transportClosed` of HeldConnection.
 */
export interface Transport {
  /**
   * Hands over bytes, in order. True: all taken, the memory may be reused. False: under way; the memory must
   * stay as it is, and nothing more may be written, until the engine calls `bytesWritten`.
   */
  write(bytes: Uint8Array): boolean
  /** The same for several pieces that leave together. */
  writeAll(pieces: readonly Uint8Array[]): boolean
  /** Asks for no more bytes; a few may still come. The end of the other side is not reported meanwhile. */
  pause(): void
  resume(): void
  /** Ends the sending direction after what was written (TCP FIN). */
  end(): void
  /** Drops the line now, unsent bytes included. What is written afterwards is taken and forgotten. */
  destroy(): void
}
