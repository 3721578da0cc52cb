// Tells when the reply to the one message that is under way is complete. Two ways: counting its bytes
// (while the clock runs) and comparing each of them (before). Knows no sockets.

export class ReplyError extends Error {
  override readonly name = 'ReplyError'
}

export interface ReplyReader {
  /** Takes bytes [0, length) of the chunk; true when they complete the reply. */
  take(chunk: Uint8Array, length: number): boolean
}

/**
 * With one message under way per connection, a reply is complete when as many bytes came as the echo
 * has. The first byte is looked at too, since it tells a close frame from an echo.
 */
export class ReplyCounter implements ReplyReader {
  readonly #replyBytes: number
  readonly #firstByte: number
  #receivedBytes = 0

  constructor(reply: Uint8Array) {
    this.#replyBytes = reply.length
    this.#firstByte = reply[0] ?? 0
  }

  take(chunk: Uint8Array, length: number): boolean {
    if (this.#receivedBytes === 0 && chunk[0] !== this.#firstByte) {
      throw new ReplyError(`a frame that starts with ${chunk[0]} instead of ${this.#firstByte}`)
    }
    const received = this.#receivedBytes + length
    if (received < this.#replyBytes) {
      this.#receivedBytes = received
      return false
    }
    if (received > this.#replyBytes) {
      throw new ReplyError(`${received} bytes came instead of ${this.#replyBytes}`)
    }
    this.#receivedBytes = 0
    return true
  }
}

export class ReplyVerifier implements ReplyReader {
  #reply: Uint8Array
  #receivedBytes = 0

  constructor(reply: Uint8Array) {
    this.#reply = reply
  }

  take(chunk: Uint8Array, length: number): boolean {
    for (let i = 0; i < length; i++) {
      const at = this.#receivedBytes + i
      if (chunk[i] !== this.#reply[at]) {
        throw new ReplyError(`byte ${at} of the reply is ${chunk[i]} instead of ${this.#reply[at]}`)
      }
    }
    this.#receivedBytes += length
    if (this.#receivedBytes < this.#reply.length) return false
    this.#receivedBytes = 0
    return true
  }
}
