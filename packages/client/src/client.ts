// A line for messages of a program's own: what waits while there is no line, codecs, readers. Knows nothing of topics;
// those stand on live-line.ts.

import type { CloseInfo } from './backoff.ts'
import { jsonCodec, plainCodec, sizeOf } from './codec.ts'
import type { Codec } from './codec.ts'
import type { Bytes } from './contract.ts'
import { ClientError, report } from './errors.ts'
import { guard } from './guard.ts'
import { HeldLine } from './held-line.ts'
import { Inbox } from './inbox.ts'
import type { ClientOptions, SendResult, State } from './options.ts'

/** WebSocket.OPEN; the injected class of a test need not have the constant. */
const OPEN = 1

/** A line that is kept open. Made by `connect`; readable with `for await`, each message by one reader. */
export class Client<Sends, Receives> implements AsyncIterable<Receives> {
  /** Resolves when the client is closed for good, with the last close. Never rejects. */
  readonly closed: Promise<CloseInfo>
  readonly #line: HeldLine
  readonly #options: ClientOptions<Receives>
  readonly #codec: Codec

  #queue: (string | Bytes)[] = []
  #queuedBytes = 0
  #inbox: Inbox<Receives> | undefined

  constructor(url: string, options: ClientOptions<Receives>) {
    this.#options = options
    this.#codec =
      options.contract || options.format === 'json' ? jsonCodec(options.contract) : plainCodec
    if (!options.onMessage) this.#openInbox()
    this.#line = new HeldLine(url, options.protocols ?? [], options, {
      opened: () => this.#opened(),
      received: (data) => this.#received(data),
      ended: () => this.#ended(),
    })
    this.closed = this.#line.closed
    this.#line.start()
  }

  get state(): State {
    return this.#line.state
  }

  /** The subprotocol that the server chose; empty when there is none, or no line. */
  get protocol(): string {
    return this.#line.socket?.protocol ?? ''
  }

  /** Bytes that wait in this client or in the open line. */
  get bufferedBytes(): number {
    return this.#queuedBytes + (this.#line.socket?.bufferedAmount ?? 0)
  }

  /**
   * Sends a message, or keeps it until there is a line. The answer says what became of it.
   * @throws ClientError (ERR_MESSAGE_OUT_INVALID, ERR_CONTRACT_ASYNC) if the message does not match the contract.
   */
  send(message: Sends): SendResult {
    const data = this.#codec.encode(message)
    const { socket, state } = this.#line
    if (state === 'closed') return 'closed'
    const { queueBytes = 1_048_576 } = this.#options
    // A socket that is closing takes messages and drops them, so its word alone does not count.
    if (state === 'open' && socket?.readyState === OPEN) {
      if (socket.bufferedAmount > queueBytes) return 'full'
      socket.send(data)
      return 'sent'
    }
    const size = sizeOf(data)
    if (this.#queuedBytes + size > queueBytes) return 'full'
    this.#queue.push(data)
    this.#queuedBytes += size
    return 'queued'
  }

  /** While `reconnecting`: makes the next attempt now. Otherwise does nothing. */
  retry(): void {
    this.#line.retry()
  }

  /** Ends the line for good. What is still queued is not sent; `onState` is told how much that is. */
  close(code?: number, reason?: string): void {
    this.#line.close(code, reason)
  }

  /** Reads messages until the client is closed. Throws ERR_INBOX_FULL where messages are missing. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Receives, undefined> {
    return this.#openInbox().read(() => {
      if (this.#options.onMessage) this.#inbox = undefined
    })
  }

  #openInbox(): Inbox<Receives> {
    if (!this.#inbox) {
      const { inboxMessages = 1000 } = this.#options
      this.#inbox = new Inbox(inboxMessages, (error) => report(this.#options, error))
      if (this.#line?.state === 'closed') this.#inbox.end()
    }
    return this.#inbox
  }

  #opened(): void {
    const { socket } = this.#line
    this.#line.establish()
    // The listener may have closed the client or the line.
    while (this.#queue.length > 0 && socket?.readyState === OPEN && this.#line.socket === socket) {
      const data = this.#queue.shift() as string | Bytes
      this.#queuedBytes -= sizeOf(data)
      socket.send(data)
    }
  }

  #received(data: string | ArrayBuffer): void {
    let message: Receives
    try {
      message = this.#codec.decode(data) as Receives
    } catch (error) {
      // A schema that throws is a fault of the program, and no reason to stop reading either.
      report(this.#options, ClientError.of(error, 'ERR_MESSAGE_INVALID'))
      return
    }
    const { onMessage } = this.#options
    if (onMessage) guard(() => onMessage(message))
    this.#inbox?.push(message)
  }

  #ended(): number {
    const unsentCount = this.#queue.length
    this.#queue = []
    this.#queuedBytes = 0
    this.#inbox?.end()
    return unsentCount
  }
}
