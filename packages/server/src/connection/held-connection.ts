// A connection as the core holds it: what the parser calls, and the close sequence. Engines drive it
// through `start`, `receive`, `bytesWritten`, `ended` and `transportClosed`; user code sees it as Connection.

import { CloseCode } from '../protocol/close-code.ts'
import { errorCatalogue } from '../protocol/errors.ts'
import type { ErrorCode } from '../protocol/errors.ts'
import { closePayload, MAX_CONTROL_BYTES, Opcode } from '../protocol/frame.ts'
import type { MessageInflater, MessageSink } from '../protocol/parser.ts'
import { Bit, PAUSED, State } from './bits.ts'
import { bytesOf, checkCloseArguments } from './arguments.ts'
import type { Connection, SendResult } from './connection.ts'
import type { ConnectionContext } from './connection-context.ts'
import type { MessageDeflater } from './outgoing.ts'
import { RateLimit } from './rate-limit.ts'
import type { TimingWheel } from './timing-wheel.ts'
import type { Transport } from './transport.ts'
import type { Turn } from './turn.ts'
import type { UpgradeRequest } from './upgrade-request.ts'
import { Watched } from './watched.ts'

/** Who paused a connection; it runs only when nobody does. */
export const PausedBy: {
  readonly USER: typeof Bit.PAUSED_BY_USER
  readonly MODEL: typeof Bit.PAUSED_BY_MODEL
  readonly FLOW: typeof Bit.PAUSED_BY_FLOW
} = { USER: Bit.PAUSED_BY_USER, MODEL: Bit.PAUSED_BY_MODEL, FLOW: Bit.PAUSED_BY_FLOW }
export type PausedBy = (typeof PausedBy)[keyof typeof PausedBy]

/** Pings that are answered in their place though a write is under way: it may be over, and not told yet. */
const PROMPT_PONGS = 16

/** Pings while the other side reads nothing; with one more the connection is closed with 1008. */
const MAX_PENDING_PINGS = 128

/** What the handshake settled for one connection. */
export interface ConnectionInit {
  readonly request: UpgradeRequest
  readonly subprotocol: string
  readonly data: unknown
  readonly inflater: MessageInflater | null
  readonly deflater: MessageDeflater | null
}

let lastId = 0

export class HeldConnection<Data = unknown>
  extends Watched
  implements Connection<Data>, MessageSink
{
  readonly id: number = ++lastId
  data: Data
  readonly request: UpgradeRequest
  /** Of the route's list. */
  listIndex = -1
  /** What the route's model keeps for this connection; nobody else touches it. */
  model: unknown = null

  constructor(
    context: ConnectionContext,
    transport: Transport,
    line: number,
    init: ConnectionInit,
  ) {
    super(context, transport, line)
    this.data = init.data as Data
    this.request = init.request
    if (init.subprotocol !== '') this.rarely().subprotocol = init.subprotocol
    const { limits } = context
    const rate = RateLimit.of(limits)
    if (rate !== null) this.rarely().rate = rate
    if (limits.idleMs > 0) this.rarely().lastMessageMs = this.lastReceivedMs
    if (init.inflater !== null) {
      const rare = this.rarely()
      rare.inflater = init.inflater
      rare.deflater = init.deflater
    }
  }

  get subprotocol(): string {
    return this.rare === null ? '' : this.rare.subprotocol
  }

  get inflater(): MessageInflater | null {
    return this.rare === null ? null : this.rare.inflater
  }

  protected get deflater(): MessageDeflater | null {
    return this.rare === null ? null : this.rare.deflater
  }

  // `private`, not `#`: a class with private methods costs each connection a field, and V8 looks private accessors
  // up at run time, at every message.

  private enter(state: State): void {
    this.bits = (this.bits & ~Bit.STATE) | state
  }

  // --- What user code calls

  send(message: string | Uint8Array): SendResult {
    return this.sendMessage(typeof message === 'string' ? message : bytesOf(message))
  }

  ping(payload: Uint8Array = new Uint8Array(0)): SendResult {
    return this.sendPing(bytesOf(payload).subarray(0, MAX_CONTROL_BYTES))
  }

  close(code?: number, reason: string = ''): void {
    checkCloseArguments(code, reason)
    if ((this.bits & Bit.STATE) !== State.OPEN) return
    this.takePublications()
    this.beginClosing(code, reason)
  }

  terminate(): void {
    if ((this.bits & Bit.STATE) === State.CLOSED) return
    this.bits |= Bit.DEAF
    if ((this.bits & Bit.STATE) < State.CLOSING) {
      this.enter(State.CLOSING)
      this.rarely().closingSinceMs = this.context.wheel.coarseNow
    }
    this.transport.destroy(this.line)
  }

  pause(): void {
    this.pauseFor(PausedBy.USER)
  }

  resume(): void {
    this.resumeFor(PausedBy.USER)
  }

  cork(f: () => void): void {
    f()
  }

  subscribe(topic: string): void {
    if (this.isOpen) this.context.hub.subscribe(this, topic)
  }

  unsubscribe(topic: string): void {
    // What was published before belongs to the subscription.
    if (this.isOpen && this.context.hub.lagBytes(this) > 0) {
      this.takePublications()
      this.flushLater()
    }
    this.context.hub.unsubscribe(this, topic)
  }

  // --- What models call

  get routePath(): string {
    return this.context.routePath
  }

  get isOpen(): boolean {
    return (this.bits & Bit.STATE) === State.OPEN
  }

  /** For deadlines of the model's own. */
  get wheel(): TimingWheel {
    return this.context.wheel
  }

  /** For what a model puts off so that others have their turn. */
  get turn(): Turn {
    return this.context.turn
  }

  pauseFor(who: PausedBy): void {
    // While closing, only the other side's close frame is waited for: it must be read.
    if ((this.bits & Bit.STATE) >= State.CLOSING) return
    if ((this.bits & PAUSED) === 0) this.transport.pause(this.line)
    this.bits |= who
  }

  resumeFor(who: PausedBy): void {
    if ((this.bits & PAUSED) === 0) return
    this.bits &= ~who
    if ((this.bits & PAUSED) !== 0 || (this.bits & Bit.STATE) === State.CLOSED) return
    // Nothing was read while the line was paused: its silence says nothing, and all deadlines begin anew.
    this.lastReceivedMs = this.context.wheel.coarseNow
    if (this.rare !== null) this.rare.lastMessageMs = this.lastReceivedMs
    this.bits &= ~Bit.PING_UNANSWERED
    if (this.reading !== null) this.reading.sinceMs = Math.max(this.lastReceivedMs, 1)
    this.rearm()
    if (this.heldBytes() === null) this.transport.resume(this.line)
    else this.context.turn.deliverLater(this)
  }

  /** Tells of something that failed alone: the connection goes on. */
  report(code: ErrorCode, error?: unknown): void {
    this.context.observer.reported(this, code, error)
  }

  /** Ends the connection for a reason of the catalogue; a close frame with its code is the last thing sent. */
  override fail(code: ErrorCode, error?: unknown): void {
    if ((this.bits & Bit.STATE) === State.CLOSED || (this.bits & Bit.DEAF) !== 0) {
      // Too late to tell the other side; the program must still hear of its error.
      if (code === 'ERR_HANDLER') this.context.observer.failed(this, code, error)
      return
    }
    this.bits |= Bit.DEAF
    this.dropHeld()
    this.reading = null
    const closeCode = errorCatalogue[code].closeCode ?? CloseCode.INTERNAL_ERROR
    this.rarely().closeCode = closeCode
    this.rarely().closeReason = code
    this.context.observer.failed(this, code, error)
    if ((this.bits & Bit.STATE) < State.CLOSING) this.beginClosing(closeCode, code)
    // What still comes is read and dropped until the other side ends too (RFC 6455 §7.1.1), or closeMs has
    // passed: a line cut with bytes unread would be reset, and the close frame lost.
    this.transport.resume(this.line)
    this.endWhenFlushed()
  }

  // --- What the engine calls

  /** Sends the handshake's response and opens. Bytes that came behind the request are given to `receive`. */
  start(response: string): void {
    this.writeRaw(response)
    this.enter(State.OPEN)
    this.context.observer.opened(this)
    this.rearm()
    try {
      this.context.behavior.open?.(this)
    } catch (error) {
      this.fail('ERR_HANDLER', error)
    }
  }

  /** Bytes arrived, in `bytes[start, end)`; they are overwritten in place and not kept. */
  receive(bytes: Uint8Array, start: number, end: number): void {
    this.context.counters.bytesReceived += end - start
    if ((this.bits & Bit.DEAF) !== 0 || (this.bits & Bit.STATE) === State.CLOSED) return
    this.lastReceivedMs = this.context.wheel.coarseNow
    this.bits &= ~Bit.PING_UNANSWERED
    const rare = this.rare
    if (rare !== null) {
      const { rate, held } = rare
      if (rate !== null && !rate.takeBytes(end - start, this.lastReceivedMs)) {
        this.fail('ERR_BYTE_RATE')
        return
      }
      if (held !== null) {
        this.hold(bytes, start, end)
        return
      }
    }
    if ((this.bits & PAUSED) !== 0) this.hold(bytes, start, end)
    else this.parse(bytes, start, end)
  }

  /** The other side ended its direction. */
  ended(): void {
    if ((this.bits & Bit.STATE) === State.CLOSED) return
    this.bits |= Bit.DEAF
    if ((this.bits & Bit.STATE) < State.CLOSING) {
      this.enter(State.CLOSING)
      this.rarely().closingSinceMs = this.context.wheel.coarseNow
      this.rearm()
    }
    this.endWhenFlushed()
  }

  /** The transport is gone. Called once, never from within a command. */
  transportClosed(): void {
    if ((this.bits & Bit.STATE) === State.CLOSED) return
    this.enter(State.CLOSED)
    this.bits |= Bit.DEAF
    const closeCode = this.rare?.closeCode ?? CloseCode.ABNORMAL
    const closeReason = this.rare?.closeReason ?? ''
    const { subprotocol } = this
    this.rare = null
    if (subprotocol !== '') this.rarely().subprotocol = subprotocol
    this.reading = null
    this.dropUnsent()
    this.context.wheel.remove(this)
    if (this.subscriptions !== null) this.context.hub.leave(this)
    try {
      this.context.behavior.close(this, closeCode, closeReason)
    } catch (error) {
      this.context.observer.failed(this, 'ERR_HANDLER', error)
    }
    this.context.observer.closed(this, closeCode, closeReason)
  }

  // --- What the turn calls

  deliverHeld(): void {
    const held = this.heldBytes()
    if ((this.bits & PAUSED) !== 0 || held === null || (this.bits & Bit.STATE) === State.CLOSED)
      return
    this.dropHeld()
    this.parse(held, 0, held.length)
    if ((this.bits & PAUSED) === 0 && this.heldBytes() === null) this.transport.resume(this.line)
  }

  // --- What the parser calls

  get halted(): boolean {
    return (this.bits & (PAUSED | Bit.DEAF)) !== 0
  }

  onMessage(bytes: Uint8Array, start: number, end: number, isText: boolean): void {
    if ((this.bits & Bit.STATE) !== State.OPEN) return
    this.context.counters.messagesReceived++
    const rare = this.rare
    if (rare !== null) {
      rare.lastMessageMs = this.lastReceivedMs
      if (rare.rate !== null && !rare.rate.takeMessage(this.lastReceivedMs)) {
        this.fail('ERR_MESSAGE_RATE')
        return
      }
    }
    const data = isText ? (bytes as Buffer).toString('utf8', start, end) : viewOf(bytes, start, end)
    try {
      this.context.behavior.message(this, data)
    } catch (error) {
      this.fail('ERR_HANDLER', error)
    }
    if (this.isCongested) this.pauseFor(PausedBy.FLOW)
  }

  onPing(bytes: Uint8Array, start: number, end: number): void {
    if ((this.bits & Bit.STATE) !== State.OPEN) return
    const payload = bytes.subarray(start, end)
    if (!this.isBlocked) {
      if (this.rare !== null) this.rare.pendingPings = 0
      this.writeFrame(Opcode.PONG, payload, false)
      return
    }
    // RFC 6455 §5.5.3: of several unanswered pings the last may be answered alone. Without this, one who sends
    // pings and never reads would fill the memory with pongs.
    const rare = this.rarely()
    rare.pendingPings++
    if (rare.pendingPings <= PROMPT_PONGS) this.writeFrame(Opcode.PONG, payload, false)
    else if (rare.pendingPings > MAX_PENDING_PINGS) this.fail('ERR_PING_FLOOD')
    // No `slice`: that of a Buffer is a view.
    else rare.pendingPong = new Uint8Array(payload)
  }

  onPong(): void {}

  onClose(code: number, reason: string): void {
    this.bits |= Bit.DEAF
    this.dropHeld()
    this.rarely().closeCode = code
    this.rarely().closeReason = reason
    // RFC 6455 §5.5.1: the answer echoes the status code.
    if ((this.bits & Bit.STATE) < State.CLOSING) {
      this.beginClosing(code === CloseCode.NO_STATUS ? undefined : code, '')
    }
    this.endWhenFlushed()
  }

  onProtocolError(code: ErrorCode): void {
    this.fail(code)
  }

  // --- Inside

  protected fellSilent(): void {
    this.rarely().closeReason = 'ERR_KEEPALIVE'
    this.context.observer.failed(this, 'ERR_KEEPALIVE', undefined)
    this.terminate()
  }

  protected get isGone(): boolean {
    return (this.bits & Bit.STATE) === State.CLOSED
  }

  override flush(): void {
    const rare = this.rare
    if (rare !== null && rare.pendingPings > 0 && !this.isBlocked && this.isOpen) {
      rare.pendingPings = 0
      const payload = rare.pendingPong
      rare.pendingPong = null
      if (payload !== null) this.writeFrame(Opcode.PONG, payload, false)
    }
    super.flush()
  }

  protected readOn(): void {
    this.resumeFor(PausedBy.FLOW)
  }

  protected drained(): void {
    try {
      this.context.behavior.drain?.(this)
    } catch (error) {
      this.fail('ERR_HANDLER', error)
    }
  }

  private beginClosing(code: number | undefined, reason: string): void {
    // First, or a frame that is handed over at once would be followed by what the topics have.
    this.enter(State.CLOSING)
    this.writeFrame(Opcode.CLOSE, closePayload(code, reason), false)
    this.rarely().closingSinceMs = this.context.wheel.coarseNow
    this.rearm()
    this.resumeFor(PausedBy.USER)
    this.resumeFor(PausedBy.MODEL)
    this.resumeFor(PausedBy.FLOW)
    // Nothing follows the close frame; a topic must not keep publications for this connection.
    if (this.subscriptions !== null) this.context.hub.leave(this)
  }

  private parse(bytes: Uint8Array, start: number, end: number): void {
    const taken = this.context.parser.parse(this, bytes, start, end)
    if (taken < end && (this.bits & Bit.DEAF) === 0) this.hold(bytes, taken, end)
    const reading = this.reading
    if (reading !== null && reading.sinceMs === 0) {
      reading.sinceMs = Math.max(this.lastReceivedMs, 1)
      this.rearm()
    }
  }

  /** Bytes received and not parsed, because the connection was paused. */
  private heldBytes(): Uint8Array | null {
    return this.rare === null ? null : this.rare.held
  }

  private dropHeld(): void {
    if (this.rare !== null) this.rare.held = null
  }

  private hold(bytes: Uint8Array, start: number, end: number): void {
    const before = this.heldBytes()
    const held = Buffer.allocUnsafeSlow((before?.length ?? 0) + end - start)
    if (before !== null) held.set(before)
    held.set(bytes.subarray(start, end), before?.length ?? 0)
    this.rarely().held = held
  }
}

// `buffer` of a typed array is a call into V8; most messages lie in the same memory as the one before.
let viewedBytes: Uint8Array = new Uint8Array(0)
let viewedBuffer: ArrayBufferLike = viewedBytes.buffer

/** A plain Uint8Array: `slice` of a Buffer would be a view where users expect a copy. */
function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (bytes !== viewedBytes) {
    viewedBytes = bytes
    viewedBuffer = bytes.buffer
  }
  return new Uint8Array(viewedBuffer, bytes.byteOffset + start, end - start)
}
