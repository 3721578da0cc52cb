// A connection as its thread sees it: everything that waits, blocks. What it must not know: workers, and how the
// thread is reached.

import { bytesOf, checkCloseArguments } from '../../connection/arguments.ts'
import type { Contract, In, Out } from '../../connection/contract.ts'
import { invalidMessageAnswer } from '../../connection/contract.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import { checkTopicName } from '../../topics/topic-name.ts'
import { formatEnd, ParcelKind, parseEnd } from './parcel-kind.ts'
import { SessionRequest } from './session-request.ts'
import type { RequestCopy } from './session-request.ts'
import type { ThreadEnd } from './thread-end.ts'

/** What `recv` answers when the time it was given has passed. */
export const TIMEOUT: unique symbol = Symbol('holdline.timeout')

/** What a session of the contract `C` receives; text and bytes where there is none. */
export type Received<C> = C extends Contract ? In<C> : string | Uint8Array
export type Sent<C> = C extends Contract ? Out<C> : string | Uint8Array

/** What the loop tells a thread of the connection that it is to serve. */
export interface SessionStart {
  readonly id: number
  /** A structured clone of the connection's. */
  readonly data: unknown
  readonly subprotocol: string
  readonly request: RequestCopy
}

export class Session<C extends Contract | undefined = undefined, Data = unknown> {
  /** The connection's. */
  readonly id: number
  /** A structured clone of what `upgrade` gave; a SharedArrayBuffer in it is the same memory for all. */
  readonly data: Data
  /** The subprotocol that was agreed; '' when none. */
  readonly subprotocol: string
  /** How the connection ended: 1005 without a code, 1006 when the line broke. Null until `recv` has said so. */
  closeCode: number | null = null
  closeReason: string | null = null

  readonly #end: ThreadEnd
  readonly #contract: Contract | undefined
  readonly #canPublish: boolean
  readonly #copy: RequestCopy
  #request: SessionRequest | null = null
  #isClosing = false

  /** For the thread's entry. */
  constructor(
    end: ThreadEnd,
    start: SessionStart,
    contract: Contract | undefined,
    canPublish: boolean,
  ) {
    this.#end = end
    this.id = start.id
    this.data = start.data as Data
    this.subprotocol = start.subprotocol
    this.#copy = start.request
    this.#contract = contract
    this.#canPublish = canPublish
  }

  /** The request that opened the line. */
  get request(): SessionRequest {
    return (this.#request ??= new SessionRequest(this.#copy))
  }

  /** Whether what is sent may still arrive. */
  get isOpen(): boolean {
    // The loop says that it ended a moment after it said so to `recv`.
    return !this.#isClosing && this.closeCode === null && !this.#end.hasEnded
  }

  /** Blocks until a message has come, and gives it; null when the connection has ended or `close` was called. */
  recv(): Received<C> | null
  /** At most so long: then TIMEOUT. 0 asks without waiting. */
  recv(timeoutMs: number): Received<C> | null | typeof TIMEOUT
  recv(timeoutMs: number = Infinity): Received<C> | null | typeof TIMEOUT {
    const deadlineMs = performance.now() + checkedMs(timeoutMs)
    const { parcel } = this.#end
    for (;;) {
      if (this.#isClosing || this.closeCode !== null || this.#end.isRetired) return null
      if (!this.#end.receive(deadlineMs)) return TIMEOUT
      if (parcel.kind === ParcelKind.END) {
        const { code = 1005, reason } = parseEnd(parcel.payload as string)
        this.closeCode = code
        this.closeReason = reason
        return null
      }
      if (this.#contract === undefined) return parcel.payload as Received<C>
      const decoded = this.#contract.decode(parcel.payload)
      if (decoded.issues === undefined) return decoded.value as Received<C>
      this.#end.send(ParcelKind.MESSAGE, invalidMessageAnswer(decoded.issues))
    }
  }

  /**
   * Sends a message; blocks while the other side reads slower than it is sent to.
   *
   * @throws HoldlineError ERR_MESSAGE_OUT_INVALID when the contract does not allow the message.
   */
  send(message: Sent<C>): 'sent' | 'closed' {
    const payload = this.#encode(message)
    if (!this.isOpen || !this.#end.send(ParcelKind.MESSAGE, payload)) return 'closed'
    return 'sent'
  }

  /**
   * Sends a message if there is room for it at once. 'full': not taken.
   *
   * @throws HoldlineError ERR_THREAD_MESSAGE_LENGTH where the message is longer than `ringBytes`: it could never be.
   */
  trySend(message: Sent<C>): 'sent' | 'full' | 'closed' {
    const payload = this.#encode(message)
    if (!this.isOpen) return 'closed'
    if (this.#end.trySend(ParcelKind.MESSAGE, payload)) return 'sent'
    if (this.#end.fits(Buffer.byteLength(payload))) return 'full'
    throw new HoldlineError('ERR_THREAD_MESSAGE_LENGTH', `${Buffer.byteLength(payload)} bytes`)
  }

  /**
   * Begins the close handshake, behind what was sent. `recv` gives no more messages.
   *
   * @throws HoldlineError ERR_CLOSE_ARGUMENT
   */
  close(code?: number, reason: string = ''): void {
    checkCloseArguments(code, reason)
    if (this.#isClosing) return
    this.#end.send(ParcelKind.CLOSE, formatEnd(code, reason))
    this.#isClosing = true
  }

  /**
   * From now on every publication of the topic is sent to this connection.
   *
   * @throws HoldlineError ERR_TOPIC_NAME
   */
  subscribe(topic: string): void {
    checkTopicName(topic)
    this.#end.send(ParcelKind.SUBSCRIBE, topic)
  }

  /** @throws HoldlineError ERR_TOPIC_NAME */
  unsubscribe(topic: string): void {
    checkTopicName(topic)
    this.#end.send(ParcelKind.UNSUBSCRIBE, topic)
  }

  /**
   * Hands a message to the route's `publish`; blocks while that takes no more.
   *
   * @throws HoldlineError ERR_THREAD_PUBLISH where the route has none, ERR_TOPIC_NAME, ERR_MESSAGE_OUT_INVALID
   */
  publish(topic: string, message: Sent<C>): void {
    if (!this.#canPublish) throw new HoldlineError('ERR_THREAD_PUBLISH')
    checkTopicName(topic)
    const payload = this.#encode(message)
    // Also when the connection has ended: that somebody left is told to those who stay.
    this.#end.deliver(ParcelKind.TOPIC, topic)
    this.#end.deliver(ParcelKind.PUBLISH, payload)
  }

  /** Blocks for a time. False: the connection ended before. */
  sleep(ms: number): boolean {
    return this.#end.sleep(performance.now() + checkedMs(ms))
  }

  #encode(message: Sent<C>): string | Uint8Array {
    if (this.#contract !== undefined) return this.#contract.encode(message)
    return typeof message === 'string' ? message : bytesOf(message)
  }
}

function checkedMs(ms: number): number {
  if (ms >= 0) return ms
  throw new HoldlineError('ERR_OPTION_INVALID', `${ms} milliseconds`)
}
