// What the server was asked and has not answered. What lasts is asked again on the next line, in order, until it is
// answered or too old; what does not is asked anew by who knows more. Bounded in bytes.

import { sizeOf } from './codec.ts'
import type { Bytes } from './contract.ts'
import type { Envelope, EnvelopeCodec } from './envelope.ts'
import { ClientError, RefusedError } from './errors.ts'

/** Called once, with the answer or with what came instead. */
export type Settle = (error: RefusedError | ClientError | null, answer: Envelope) => void

interface Ask {
  readonly data: string | Bytes
  readonly answerType: string
  readonly lasts: boolean
  readonly settle: Settle
  /** The line that it was sent on last; 0: none. */
  line: number
  /** When it was sent first. */
  sentMs: number
}

const nothing: Envelope = { type: '' }

export class Asks {
  readonly #codec: EnvelopeCodec
  readonly #maxBytes: number
  readonly #now: () => number
  readonly #asks = new Map<number, Ask>()
  #lastId = 0
  #bytes = 0
  #line = 1

  constructor(codec: EnvelopeCodec, maxBytes: number, now: () => number) {
    this.#codec = codec
    this.#maxBytes = maxBytes
    this.#now = now
  }

  /**
   * Takes one in; it is not sent yet.
   * @throws ClientError (ERR_BUFFER_FULL), and what the codec throws.
   */
  add(envelope: Envelope, answerType: string, lasts: boolean, settle: Settle): number {
    const id = this.#lastId + 1
    const data = this.#codec.encode({ ...envelope, id })
    if (lasts && this.#bytes + sizeOf(data) > this.#maxBytes)
      throw new ClientError('ERR_BUFFER_FULL')
    this.#lastId = id
    this.#bytes += sizeOf(data)
    this.#asks.set(id, { data, answerType, lasts, settle, line: 0, sentMs: 0 })
    return id
  }

  /** Sends one, or refuses it if it is larger than the server takes: it would end this line and each that follows. */
  send(id: number, socket: WebSocket, maxBytes: number): void {
    const ask = this.#asks.get(id)
    if (!ask) return
    if (isLarger(ask.data, maxBytes))
      return this.settle(id, new ClientError('ERR_MESSAGE_TOO_LARGE'))
    if (ask.line === 0) ask.sentMs = this.#now()
    ask.line = this.#line
    socket.send(ask.data)
  }

  /** Sends what was not sent on this line yet. */
  sendAll(socket: WebSocket, maxBytes: number): void {
    for (const [id, { line }] of this.#asks) {
      if (line !== this.#line) this.send(id, socket, maxBytes)
    }
  }

  /** An answer arrived. False: it answers nothing that was asked. */
  answer(message: Envelope): boolean {
    const ask = this.#asks.get(message['id'] as number)
    // What was not sent cannot be answered.
    if (!ask || ask.line !== this.#line) return false
    const isRefusal = message.type === 'error'
    if (!isRefusal && message.type !== ask.answerType) return false
    this.settle(message['id'] as number, isRefusal ? new RefusedError(message) : null, message)
    return true
  }

  settle(id: number, error: RefusedError | ClientError | null, answer: Envelope = nothing): void {
    const ask = this.#asks.get(id)
    if (!ask) return
    this.#asks.delete(id)
    this.#bytes -= sizeOf(ask.data)
    ask.settle(error, answer)
  }

  /** The line is gone; the next one has another number. */
  lost(): void {
    this.#line += 1
    for (const [id, ask] of this.#asks) {
      if (ask.lasts) continue
      this.#asks.delete(id)
      this.#bytes -= sizeOf(ask.data)
    }
  }

  /** Ends what lasts and was sent longer ago than `ageMs`. True if something else waits that long. */
  expire(ageMs: number): boolean {
    let isStuck = false
    for (const [id, { lasts, line, sentMs }] of this.#asks) {
      if (line === 0 || this.#now() - sentMs < ageMs) continue
      if (lasts) this.settle(id, new ClientError('ERR_UNANSWERED'))
      else isStuck = true
    }
    return isStuck
  }

  end(): number {
    const { size } = this.#asks
    for (const id of this.#asks.keys()) this.settle(id, new ClientError('ERR_LINE_CLOSED'))
    return size
  }
}

function isLarger(data: string | Bytes, maxBytes: number): boolean {
  // A unit of UTF-16 is at most three bytes of UTF-8; almost always that is enough to know.
  return data.length * 3 > maxBytes && new Blob([data]).size > maxBytes
}
