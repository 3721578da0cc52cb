// What the server was asked and has not answered. What lasts is asked again on the next line, in order, until it is
// answered or too old; what does not is asked anew by who knows more. Bounded in bytes.

import { sizeOf } from './codec.ts'
import type { Bytes } from './contract.ts'
import type { Envelope, EnvelopeCodec } from './envelope.ts'
import { ClientError, RefusedError } from './errors.ts'
import type { ClientErrorCode } from './errors.ts'
import type { LiveOptions } from './live-options.ts'

type AsksOptions = Pick<LiveOptions, 'bufferBytes' | 'answerTimeoutMs'>

interface Ask {
  readonly data: string | Bytes
  readonly answerType: string
  readonly lasts: boolean
  /** One of the two is called, once. */
  readonly resolve: (answer: Envelope) => void
  readonly reject: (error: RefusedError | ClientError) => void
  /** What it was sent on last. */
  socket?: WebSocket
  /** When it was sent first. */
  sentMs: number
}

export class Asks {
  /** What is sent goes here. */
  socket: WebSocket | undefined
  /** The server has said welcome: what lasts is sent too. */
  stands: boolean = false
  /** What the server takes. A larger message would end this line, and each one that follows. */
  maxMessageBytes: number = Infinity
  readonly #codec: EnvelopeCodec
  readonly #options: AsksOptions
  readonly #now: () => number
  readonly #asks = new Map<number, Ask>()
  #lastId = 0
  #bytes = 0

  constructor(codec: EnvelopeCodec, options: AsksOptions, now: () => number) {
    this.#codec = codec
    this.#options = options
    this.#now = now
  }

  /**
   * Asks now, or when there is a line.
   * @throws ClientError (ERR_BUFFER_FULL), and what the codec throws.
   */
  ask(
    envelope: Envelope,
    answerType: string,
    lasts: boolean,
    resolve: Ask['resolve'],
    reject: Ask['reject'],
  ): void {
    const { bufferBytes = 1_048_576 } = this.#options
    const id = this.#lastId + 1
    const data = this.#codec.encode({ ...envelope, id })
    const bytes = this.#bytes + sizeOf(data)
    if (lasts && bytes > bufferBytes) {
      throw new ClientError('ERR_BUFFER_FULL', 'bufferBytes')
    }
    this.#lastId = id
    this.#bytes = bytes
    const ask: Ask = { data, answerType, lasts, resolve, reject, sentMs: 0 }
    this.#asks.set(id, ask)
    if (this.stands || !lasts) this.#send(id, ask)
  }

  /** There is a welcome: sends what was not sent on this line yet. */
  begin(): void {
    this.stands = true
    this.expire()
    for (const [id, ask] of this.#asks) if (ask.socket !== this.socket) this.#send(id, ask)
  }

  /** An answer arrived. False: it answers nothing that was asked on this line. */
  answer(message: Envelope): boolean {
    const { type } = message
    const id = message['id'] as number
    const ask = this.#asks.get(id)
    const isRefusal = type === 'error'
    if (!ask?.socket || ask.socket !== this.socket) return false
    if (!isRefusal && type !== ask.answerType) return false
    this.#forget(id, ask)
    if (isRefusal) ask.reject(new RefusedError(message))
    else ask.resolve(message)
    return true
  }

  /** The line is gone. */
  lost(): void {
    this.socket = undefined
    this.stands = false
    for (const [id, ask] of this.#asks) if (!ask.lasts) this.#forget(id, ask)
  }

  /** Ends what lasts and is too old. True if something else is. */
  expire(): boolean {
    const { answerTimeoutMs = 60_000 } = this.#options
    let isStuck = false
    for (const [id, ask] of this.#asks) {
      if (!ask.socket || this.#now() - ask.sentMs < answerTimeoutMs) continue
      if (ask.lasts) this.#fail(id, ask, 'ERR_UNANSWERED')
      else isStuck = true
    }
    return isStuck
  }

  /** Returns how many there were. */
  end(): number {
    const { size } = this.#asks
    for (const [id, ask] of this.#asks) this.#fail(id, ask, 'ERR_LINE_CLOSED')
    return size
  }

  #send(id: number, ask: Ask): void {
    const { data } = ask
    // A unit of UTF-16 is at most three bytes of UTF-8; almost always that is enough to know.
    if (data.length * 3 > this.maxMessageBytes && new Blob([data]).size > this.maxMessageBytes) {
      return this.#fail(id, ask, 'ERR_MESSAGE_TOO_LARGE')
    }
    if (!this.socket) return
    if (!ask.socket) ask.sentMs = this.#now()
    ask.socket = this.socket
    // A socket that is closing drops it; what lasts is sent on the next one.
    ask.socket.send(data)
  }

  #fail(id: number, ask: Ask, code: ClientErrorCode): void {
    this.#forget(id, ask)
    ask.reject(new ClientError(code))
  }

  #forget(id: number, { data }: Ask): void {
    this.#asks.delete(id)
    this.#bytes -= sizeOf(data)
  }
}
