// The sending half of a connection: frames into the turn's arena, one write per turn, one write under way, and
// what is told to the program when the other side reads slower than it is sent to.

import type { ErrorCode } from '../protocol/errors.ts'
import { headerBytes, MAX_HEADER_BYTES, Opcode, writeHeader } from '../protocol/frame.ts'
import type { SendResult } from './connection.ts'
import type { ConnectionContext } from './connection-context.ts'
import { LARGE_BYTES } from './send-arena.ts'
import type { Transport } from './transport.ts'
import type { TurnMember } from './turn.ts'

/** Compresses one message; null: it is shorter than the threshold. */
export interface MessageDeflater {
  deflate(bytes: Uint8Array): Uint8Array | null
}

/** Texts up to here are written without asking for their length in bytes first; longer ones would waste room. */
const MAX_GUESSED_LENGTH = 4_096

/** First size of the private memory of a connection whose last write is still under way. */
const BACKLOG_BYTES = 1_024

export abstract class Outgoing implements TurnMember {
  flushScheduled = false

  protected readonly context: ConnectionContext
  protected readonly transport: Transport
  protected deflater: MessageDeflater | null = null
  /** What this connection is subscribed to; belongs to the TopicHub. */
  subscriptions: unknown = null

  // The unflushed bytes: finished pieces, then the region [tailStart, tailEnd) of `tail`, which is the arena's
  // slab, or private memory while a write is under way.
  #pieces: Uint8Array[] | null = null
  #tail: Buffer | null = null
  #tailStart = 0
  #tailEnd = 0
  #tailIsPrivate = false
  #unflushedBytes = 0
  #underWayBytes = 0
  #isUnderWay = false
  /** Since when the write that is under way is; on the wheel's clock. */
  protected blockedSinceMs = 0
  #wantsDrain = false
  #isEnding = false
  #hasEnded = false

  constructor(context: ConnectionContext, transport: Transport) {
    this.context = context
    this.transport = transport
  }

  /** Whether messages may be sent. */
  protected abstract get isOpen(): boolean
  /** Whether the transport is gone. */
  protected abstract get isGone(): boolean
  protected abstract fail(code: ErrorCode, error?: unknown): void
  protected abstract drained(): void
  abstract deliverHeld(): void

  get bufferedBytes(): number {
    return this.#unflushedBytes + this.#underWayBytes
  }

  get limits(): ConnectionContext['limits'] {
    return this.context.limits
  }

  /** Whether the last write has not been taken yet: the other side reads slower than it is sent to. */
  get isBlocked(): boolean {
    return this.#isUnderWay
  }

  protected sendMessage(message: string | Uint8Array): SendResult {
    if (!this.isOpen) return 'closed'
    const isText = typeof message === 'string'
    const opcode = isText ? Opcode.TEXT : Opcode.BINARY
    if (this.deflater !== null) {
      const bytes = isText ? Buffer.from(message, 'utf8') : message
      const deflated = this.deflater.deflate(bytes)
      if (!this.#admit((deflated ?? bytes).length)) return 'closed'
      this.writeFrame(opcode, deflated ?? bytes, deflated !== null)
    } else if (isText) {
      if (!this.#sendText(message)) return 'closed'
    } else {
      if (!this.#admit(message.length)) return 'closed'
      this.writeFrame(opcode, message, false)
    }
    this.context.counters.messagesSent++
    return this.#outcome()
  }

  #outcome(): SendResult {
    if (this.bufferedBytes <= this.context.limits.highWaterBytes) return 'sent'
    this.#wantsDrain = true
    return 'queued'
  }

  protected sendPing(payload: Uint8Array): SendResult {
    if (!this.isOpen || !this.#admit(payload.length)) return 'closed'
    this.writeFrame(Opcode.PING, payload, false)
    return this.#outcome()
  }

  #sendText(message: string): boolean {
    const { length } = message
    const mostBytes = length * 3
    if (length > MAX_GUESSED_LENGTH || !this.#hasRoom(mostBytes)) return this.#sendLongText(message)
    // One pass: the header is taken to be as long as for ASCII, which is rarely wrong.
    const tail = this.#room(headerBytes(mostBytes) + mostBytes)
    const at = this.#tailEnd
    const guessed = at + headerBytes(length)
    const count = writeText(tail, message, guessed)
    const start = writeHeader(tail, at, Opcode.TEXT, count)
    // More bytes than characters, so a longer header, which lies on the first bytes of the text.
    if (start !== guessed) tail.write(message, start, 'utf8')
    this.#taken(start + count - at)
    return true
  }

  #sendLongText(message: string): boolean {
    const count = Buffer.byteLength(message, 'utf8')
    if (!this.#admit(count)) return false
    const tail = this.#room(headerBytes(count) + count)
    const start = writeHeader(tail, this.#tailEnd, Opcode.TEXT, count)
    tail.write(message, start, 'utf8')
    this.#taken(start + count - this.#tailEnd)
    return true
  }

  #hasRoom(count: number): boolean {
    const waiting = this.bufferedBytes + count + MAX_HEADER_BYTES
    return waiting <= this.context.limits.bufferedBytes
  }

  /**
   * The hard cap. A backlog that would pass it is flushed first; if it is still too long, the connection is
   * closed, and nothing more is put on a stream that would then have a hole. One message on an empty backlog is
   * always taken, so the bound is `bufferedBytes` or one message, whichever is longer.
   */
  #admit(count: number): boolean {
    if (this.bufferedBytes === 0 || this.#hasRoom(count)) return true
    this.#handOver()
    if (this.bufferedBytes === 0 || this.#hasRoom(count)) return true
    this.fail('ERR_SLOW_CONSUMER')
    return false
  }

  /** Queues a frame, whatever the state of the close handshake. */
  protected writeFrame(opcode: Opcode, payload: Uint8Array, compressed: boolean): void {
    const count = payload.length
    const tail = this.#room(headerBytes(count) + count)
    const start = writeHeader(tail, this.#tailEnd, opcode, count, compressed)
    copyBytes(payload, tail, start)
    this.#taken(start + count - this.#tailEnd)
  }

  /** Queues bytes that are no frame: the response of the handshake. */
  protected writeRaw(text: string): void {
    const tail = this.#room(text.length)
    this.#taken(tail.write(text, this.#tailEnd, 'latin1'))
  }

  /** Makes room for `count` bytes at `#tailEnd` of the memory that it returns. */
  #room(count: number): Buffer {
    if (this.#isUnderWay || count > LARGE_BYTES) return this.#privateRoom(count)
    const arena = this.context.turn.arena
    if (this.#tail !== null && this.#tail === arena.slab && this.#tailEnd === arena.position) {
      if (arena.fits(count)) return this.#tail
    }
    this.#finishPiece()
    arena.reserve(count)
    this.#tail = arena.slab
    this.#tailIsPrivate = false
    this.#tailStart = arena.position
    this.#tailEnd = arena.position
    return this.#tail
  }

  #privateRoom(count: number): Buffer {
    const tail = this.#tail
    const isPrivate = tail !== null && this.#tailIsPrivate
    if (isPrivate && tail.length - this.#tailEnd >= count) return tail
    const last = isPrivate ? tail.length : 0
    this.#finishPiece()
    const bytes = this.#isUnderWay
      ? Math.max(count, Math.min(last * 2, LARGE_BYTES), BACKLOG_BYTES)
      : count
    this.#tail = Buffer.allocUnsafeSlow(bytes)
    this.#tailIsPrivate = true
    this.#tailStart = 0
    this.#tailEnd = 0
    return this.#tail
  }

  /** `count` bytes were written at `#tailEnd`. */
  #taken(count: number): void {
    this.#tailEnd += count
    const arena = this.context.turn.arena
    if (!this.#tailIsPrivate) arena.position = this.#tailEnd
    this.#unflushedBytes += count
    this.context.turn.flushLater(this)
  }

  #finishPiece(): void {
    if (this.#tail === null) return
    if (this.#tailEnd > this.#tailStart) {
      this.#pieces ??= []
      this.#pieces.push(this.#tail.subarray(this.#tailStart, this.#tailEnd))
    }
    this.#tail = null
  }

  /** Puts what the topics have for this connection behind what was sent so far: it comes before a close frame. */
  protected takePublications(): void {
    if (this.subscriptions === null) return
    this.#finishPiece()
    this.#pieces ??= []
    this.#unflushedBytes += this.context.hub.take(this as never, this.#pieces)
  }

  /** Asks for a flush at the end of this turn. */
  flushLater(): void {
    this.context.turn.flushLater(this)
  }

  /** Called once at the end of each turn in which something was sent, and when a write has been taken. */
  flush(): void {
    if (this.isGone) return
    this.#handOver()
    this.#settle()
  }

  /** The engine: what was under way has been taken. */
  bytesWritten(): void {
    if (!this.#isUnderWay) return
    this.#isUnderWay = false
    this.#underWayBytes = 0
    this.flush()
  }

  /** After the last byte, ends the sending direction. */
  protected endWhenFlushed(): void {
    this.#isEnding = true
    this.flushLater()
  }

  /** Gives all memory back; the transport is gone. */
  protected dropUnsent(): void {
    this.#pieces = null
    this.#tail = null
    this.#unflushedBytes = 0
    this.#underWayBytes = 0
    this.#wantsDrain = false
  }

  #handOver(): void {
    if (this.#isUnderWay || this.isGone) return
    let pieces: Uint8Array[] | null = this.#pieces
    if (pieces !== null || this.subscriptions !== null) {
      this.#finishPiece()
      pieces = this.#pieces ?? []
      this.#pieces = null
      // Publications go behind direct messages, at a frame border; none behind a close frame.
      if (this.subscriptions !== null && this.isOpen) {
        this.#unflushedBytes += this.context.hub.take(this as never, pieces)
      }
      if (pieces.length > 0) this.#write(pieces)
    } else if (this.#tail !== null) {
      const piece = this.#tail.subarray(this.#tailStart, this.#tailEnd)
      this.#write(piece)
    }
  }

  #write(what: Uint8Array | Uint8Array[]): void {
    const usesSlab = this.#tail === this.context.turn.arena.slab || Array.isArray(what)
    const bytes = this.#unflushedBytes
    this.#tail = null
    this.#unflushedBytes = 0
    this.context.counters.bytesSent += bytes
    const taken = Array.isArray(what)
      ? what.length === 1
        ? this.transport.write(what[0]!)
        : this.transport.writeAll(what)
      : this.transport.write(what)
    if (taken) return
    this.#isUnderWay = true
    this.blockedSinceMs = this.context.wheel.coarseNow
    this.#underWayBytes = bytes
    if (usesSlab) this.context.turn.arena.pin()
  }

  /** What follows from an emptier buffer: `drain`, or the end. */
  #settle(): void {
    if (this.#wantsDrain && this.bufferedBytes <= this.context.limits.lowWaterBytes) {
      this.#wantsDrain = false
      if (this.isOpen) this.drained()
    }
    if (this.#isEnding && !this.#hasEnded && this.bufferedBytes === 0) {
      this.#hasEnded = true
      this.transport.end()
    }
  }
}

/** Writes text as UTF-8 and returns its bytes. ASCII by hand: a native call costs more than 24 characters. */
function writeText(target: Buffer, text: string, at: number): number {
  const length = text.length
  if (length > 24) return target.write(text, at, 'utf8')
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 127) return target.write(text, at, 'utf8')
    target[at + i] = unit
  }
  return length
}

function copyBytes(from: Uint8Array, to: Uint8Array, at: number): void {
  const length = from.length
  if (length > 64) to.set(from, at)
  else for (let i = 0; i < length; i++) to[at + i] = from[i]!
}
