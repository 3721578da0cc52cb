// One line to a server that is held open: attempts, backoff, and what waits while there is no line. Knows nothing of
// topics or resume; those will stand on it.

import { backoffMs, retryAfterMs, worthRetrying } from './backoff.ts'
import type { CloseInfo } from './backoff.ts'
import { jsonCodec, plainCodec } from './codec.ts'
import type { Codec } from './codec.ts'
import type { Bytes } from './contract.ts'
import { globalEnvironment } from './environment.ts'
import type { Environment, NetworkEvent } from './environment.ts'
import { ClientError } from './errors.ts'
import { Inbox } from './inbox.ts'
import type { ClientOptions, SendResult, State, StateDetail } from './options.ts'

/** WebSocket.OPEN; the injected class of a test need not have the constant. */
const OPEN = 1

/** A line that is kept open. Made by `connect`; readable with `for await`, each message by one reader. */
export class Client<Sends, Receives> implements AsyncIterable<Receives> {
  /** Resolves when the client is closed for good, with the last close. Never rejects. */
  readonly closed: Promise<CloseInfo>
  readonly #resolveClosed: (close: CloseInfo) => void

  readonly #url: string
  readonly #options: ClientOptions<Receives>
  readonly #environment: Environment
  readonly #codec: Codec

  #state: State = 'connecting'
  #socket: WebSocket | undefined
  #attempt = 0
  #timer: unknown

  #queue: (string | Bytes)[] = []
  #queuedBytes = 0
  #inbox: Inbox<Receives> | undefined

  readonly #unwatch: () => void
  readonly #abort = (): void => this.close()

  constructor(url: string, options: ClientOptions<Receives>) {
    const { promise, resolve } = Promise.withResolvers<CloseInfo>()
    this.closed = promise
    this.#resolveClosed = resolve
    this.#url = url
    this.#options = options
    this.#environment = { ...globalEnvironment(), ...options.environment }
    this.#codec =
      options.contract || options.format === 'json' ? jsonCodec(options.contract) : plainCodec
    if (!options.onMessage) this.#openInbox()
    this.#connect()
    this.#unwatch = this.#environment.watchNetwork((event) => this.#networkChanged(event))
    if (options.signal?.aborted) this.close()
    else options.signal?.addEventListener('abort', this.#abort, { once: true })
  }

  get state(): State {
    return this.#state
  }

  /** The subprotocol that the server chose; empty when there is none, or no line. */
  get protocol(): string {
    return this.#socket?.protocol ?? ''
  }

  /** Bytes that wait in this client or in the open line. */
  get bufferedBytes(): number {
    return this.#queuedBytes + (this.#socket?.bufferedAmount ?? 0)
  }

  /**
   * Sends a message, or keeps it until there is a line. The answer says what became of it.
   * @throws ClientError (ERR_MESSAGE_OUT_INVALID, ERR_CONTRACT_ASYNC) if the message does not match the contract.
   */
  send(message: Sends): SendResult {
    const data = this.#codec.encode(message)
    if (this.#state === 'closed') return 'closed'
    const { queueBytes = 1_048_576 } = this.#options
    // A socket that is closing takes messages and drops them, so its word alone does not count.
    if (this.#state === 'open' && this.#socket?.readyState === OPEN) {
      if (this.#socket.bufferedAmount > queueBytes) return 'full'
      this.#socket.send(data)
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
    if (this.#state === 'reconnecting' && !this.#socket) this.#connect()
  }

  /** Ends the line for good. What is still queued is not sent; `onState` is told how much that is. */
  close(code = 1000, reason = ''): void {
    if (this.#state === 'closed') return
    // First, so that a code that the WebSocket refuses throws before anything is changed.
    this.#socket?.close(code, reason)
    this.#finish({ code, reason })
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
      this.#inbox = new Inbox(inboxMessages, (error) => this.#report(error))
      if (this.#state === 'closed') this.#inbox.end()
    }
    return this.#inbox
  }

  // The line

  #connect(): void {
    const { WebSocket, setTimeout } = this.#environment
    this.#clearTimer()
    const socket = new WebSocket(this.#url, [...(this.#options.protocols ?? [])])
    socket.binaryType = 'arraybuffer'
    this.#socket = socket
    // A socket that was let go may still speak; only the current one is listened to.
    const isCurrent = (): boolean => this.#socket === socket
    socket.onopen = () => {
      if (isCurrent()) this.#opened(socket)
    }
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (isCurrent()) this.#received(data)
    }
    socket.onclose = ({ code, reason }) => {
      if (isCurrent()) this.#lost({ code, reason })
    }
    const { connectTimeoutMs = 10_000 } = this.#options
    this.#timer = setTimeout(() => this.#letGo('connect timeout'), connectTimeoutMs)
  }

  #opened(socket: WebSocket): void {
    this.#clearTimer()
    this.#enter('open', { attempt: this.#attempt })
    // The listener may have closed the client or the line.
    while (this.#queue.length > 0 && socket.readyState === OPEN && this.#socket === socket) {
      const data = this.#queue.shift() as string | Bytes
      this.#queuedBytes -= sizeOf(data)
      socket.send(data)
    }
    if (this.#socket !== socket) return
    const { steadyMs = 5000 } = this.#options
    this.#timer = this.#environment.setTimeout(() => (this.#attempt = 0), steadyMs)
  }

  #received(data: string | ArrayBuffer): void {
    let message: Receives
    try {
      message = this.#codec.decode(data) as Receives
    } catch (error) {
      // A schema that throws is a fault of the program, and no reason to stop reading either.
      this.#report(
        error instanceof ClientError
          ? error
          : new ClientError('ERR_MESSAGE_INVALID', String(error)),
      )
      return
    }
    const { onMessage } = this.#options
    if (onMessage) guard(() => onMessage(message))
    this.#inbox?.push(message)
  }

  /** Gives a line up without waiting for the close handshake, which a dead line never answers. */
  #letGo(reason: string): void {
    const socket = this.#socket
    this.#lost({ code: 1006, reason })
    socket?.close()
  }

  #lost(close: CloseInfo): void {
    this.#clearTimer()
    this.#socket = undefined
    const { reconnect = worthRetrying, backoff = {} } = this.#options
    if (!reconnect(close, this.#attempt)) return this.#finish(close)
    const { random, setTimeout } = this.#environment
    const retryInMs = retryAfterMs(close) + backoffMs(this.#attempt, backoff, random)
    this.#attempt += 1
    this.#timer = setTimeout(() => this.#connect(), retryInMs)
    this.#enter('reconnecting', { attempt: this.#attempt, retryInMs, close })
  }

  #networkChanged(event: NetworkEvent): void {
    if (event !== 'offline') return this.retry()
    // Nothing would tell for minutes that this line is dead.
    if (this.#socket) this.#letGo('offline')
  }

  #finish(close: CloseInfo): void {
    const unsentCount = this.#queue.length
    this.#clearTimer()
    this.#socket = undefined
    this.#queue = []
    this.#queuedBytes = 0
    this.#unwatch()
    this.#options.signal?.removeEventListener('abort', this.#abort)
    this.#enter('closed', { attempt: this.#attempt, close, unsentCount })
    this.#inbox?.end()
    this.#resolveClosed(close)
  }

  #clearTimer(): void {
    this.#environment.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #enter(state: State, detail: StateDetail): void {
    this.#state = state
    guard(() => this.#options.onState?.(state, detail))
  }

  #report(error: ClientError): void {
    const { onError = (error: ClientError) => console.warn(error) } = this.#options
    guard(() => onError(error))
  }
}

/** A listener that throws is reported as uncaught, as listeners of the platform are, and upsets nothing here. */
function guard(listener: () => void): void {
  try {
    listener()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

function sizeOf(data: string | Bytes): number {
  return typeof data === 'string' ? data.length * 2 : data.byteLength
}
