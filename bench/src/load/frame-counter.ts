// Counts whole frames in the bytes that servers send, on many connections, whatever the chunks (RFC 6455 §5.2).

/** A head is two bytes, then none, two or eight of length; servers do not mask. */
const longestHeadBytes = 10

export class FrameCounter {
  /** Bytes of the payload under way that have not come. */
  readonly #missingBytes: Float64Array
  /** Bytes of a head that has not come as a whole, for each connection. */
  readonly #heads: Uint8Array
  readonly #headLengths: Uint8Array

  constructor(connectionCount: number) {
    this.#missingBytes = new Float64Array(connectionCount)
    this.#heads = new Uint8Array(connectionCount * longestHeadBytes)
    this.#headLengths = new Uint8Array(connectionCount)
  }

  /** How many frames end in bytes [start, end) of `chunk`, the next ones of this connection. */
  count(connection: number, chunk: Uint8Array, start: number, end: number): number {
    let ended = 0
    let missing = this.#missingBytes[connection]!
    let at = start
    for (;;) {
      if (missing > 0) {
        const taken = Math.min(missing, end - at)
        missing -= taken
        at += taken
        if (missing > 0) break
        ended++
      }
      if (at === end) break
      const held = this.#headLengths[connection]!
      const head = connection * longestHeadBytes
      // In most chunks the head lies there as a whole.
      const short = held === 0 && end - at >= 2 ? chunk[at + 1]! & 127 : 127
      if (short < 126) {
        at += 2
        missing = short
        if (short === 0) ended++
        continue
      }
      this.#heads[head + held] = chunk[at++]!
      const have = held + 1
      const payloadBytes = have < 2 ? -1 : payloadBytesOf(this.#heads, head, have)
      this.#headLengths[connection] = payloadBytes < 0 ? have : 0
      if (payloadBytes === 0) ended++
      else if (payloadBytes > 0) missing = payloadBytes
    }
    this.#missingBytes[connection] = missing
    return ended
  }
}

/** -1: the head has not come as a whole. */
function payloadBytesOf(heads: Uint8Array, head: number, have: number): number {
  const short = heads[head + 1]! & 127
  if (short < 126) return short
  const lengthBytes = short === 126 ? 2 : 8
  if (have < 2 + lengthBytes) return -1
  let length = 0
  for (let i = 0; i < lengthBytes; i++) length = length * 256 + heads[head + 2 + i]!
  return length
}
