// The sending half of a connection: frames into the turn's arena, one write per turn, one write under way, and
// what is told to the program when the other side reads slower than it is sent to.

import type { ErrorCode } from '../protocol/errors.ts'
import { headerBytes, MAX_HEADER_BYTES, Opcode, writeHeader } from '../protocol/frame.ts'
import { Bit } from './bits.ts'
import type { SendResult } from './connection.ts'
import type { ConnectionContext } from './connection-context.ts'
import { giveOutbox, takeOutbox } from './outbox.ts'
import type { Outbox } from './outbox.ts'
import { LARGE_BYTES } from './send-arena.ts'
import { Slab } from './slab.ts'
import type { Piece } from './slab.ts'
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
  protected readonly context: ConnectionContext
  protected readonly transport: Transport
  /** Which of the transport's lines this is. */
  protected readonly line: number
  /** What is yes or no about this connection, and its state: see bits.ts. */
  protected bits = 0
  /** What this connection is subscribed to; belongs to the TopicHub. */
  subscriptions: unknown = null
  #outbox: Outbox | null = null

  constructor(context: ConnectionContext, transport: Transport, line: number) {
    this.context = context
    this.transport = transport
    this.line = line
  }

  /** Whether messages may be sent. */
  protected abstract get isOpen(): boolean
  /** Whether the transport is gone. */
  protected abstract get isGone(): boolean
  protected abstract get deflater(): MessageDeflater | null
  protected abstract fail(code: ErrorCode, error?: unknown): void
  protected abstract drained(): void
  abstract deliverHeld(): void
  /** Much less waits than when `isCongested` was said. */
  protected abstract readOn(): void

  get flushScheduled(): boolean {
    return (this.bits & Bit.FLUSH_SCHEDULED) !== 0
  }

  set flushScheduled(isScheduled: boolean) {
    if (isScheduled) this.bits |= Bit.FLUSH_SCHEDULED
    else this.bits &= ~Bit.FLUSH_SCHEDULED
  }

  get bufferedBytes(): number {
    const outbox = this.#outbox
    return outbox === null ? 0 : outbox.unflushedBytes + outbox.underWayBytes
  }

  get limits(): ConnectionContext['limits'] {
    return this.context.limits
  }

  /**
   * Whether the other side reads slower than it is sent to: a write is under way since before this turn. One of this
   * turn says nothing yet; some engines tell only in the next one that it was taken at once.
   */
  get isBlocked(): boolean {
    const outbox = this.#outbox
    if (outbox === null || outbox.underWay === null) return false
    return outbox.sinceTurn !== this.context.turn.endedCount
  }

  /** Whether a write is under way, since whenever. For deadlines: where nothing happens, no turn ends either. */
  protected get isWriting(): boolean {
    return this.#outbox !== null && this.#outbox.underWay !== null
  }

  /** What waits because the other side is slow, as far as can be said: not what this turn has given to the engine. */
  private get waitingBytes(): number {
    const outbox = this.#outbox
    if (outbox === null) return 0
    return this.isBlocked ? outbox.unflushedBytes + outbox.underWayBytes : outbox.unflushedBytes
  }

  /**
   * Whether so much waits to be taken that its messages had better wait too: one more answer like those before might
   * pass the cap, and close the line of one who only sends faster than he reads.
   */
  protected get isCongested(): boolean {
    return this.isWriting && this.bufferedBytes > this.context.limits.bufferedBytes / 2
  }

  /** Since when the write that is under way is; on the wheel's clock. */
  protected get blockedSinceMs(): number {
    return this.#outbox === null ? 0 : this.#outbox.blockedSinceMs
  }

  protected sendMessage(message: string | Uint8Array): SendResult {
    if (!this.isOpen) return 'closed'
    const isText = typeof message === 'string'
    const opcode = isText ? Opcode.TEXT : Opcode.BINARY
    const { deflater } = this
    if (deflater !== null) {
      const bytes = isText ? Buffer.from(message, 'utf8') : message
      const deflated = deflater.deflate(bytes)
      if (!this.admit((deflated ?? bytes).length)) return 'closed'
      this.writeFrame(opcode, deflated ?? bytes, deflated !== null)
    } else if (isText) {
      if (!this.sendText(message)) return 'closed'
    } else {
      if (!this.admit(message.length)) return 'closed'
      this.writeFrame(opcode, message, false)
    }
    this.context.counters.messagesSent++
    return this.outcome()
  }

  private outcome(): SendResult {
    if (this.bufferedBytes <= this.context.limits.highWaterBytes) return 'sent'
    this.bits |= Bit.WANTS_DRAIN
    return 'queued'
  }

  protected sendPing(payload: Uint8Array): SendResult {
    if (!this.isOpen || !this.admit(payload.length)) return 'closed'
    this.writeFrame(Opcode.PING, payload, false)
    return this.outcome()
  }

  private sendText(message: string): boolean {
    const { length } = message
    const mostBytes = length * 3
    if (length > MAX_GUESSED_LENGTH || !this.hasRoom(mostBytes)) return this.sendLongText(message)
    // One pass: the header is taken to be as long as for ASCII, which is rarely wrong.
    const outbox = this.room(headerBytes(mostBytes) + mostBytes)
    const { bytes } = outbox.slab!
    const at = outbox.end
    const guessed = at + headerBytes(length)
    const count = writeText(bytes, message, guessed)
    const start = writeHeader(bytes, at, Opcode.TEXT, count)
    // More bytes than characters, so a longer header, which lies on the first bytes of the text.
    if (start !== guessed) bytes.write(message, start, 'utf8')
    this.taken(outbox, start + count)
    return true
  }

  private sendLongText(message: string): boolean {
    const count = Buffer.byteLength(message, 'utf8')
    if (!this.admit(count)) return false
    const outbox = this.room(headerBytes(count) + count)
    const { bytes } = outbox.slab!
    const start = writeHeader(bytes, outbox.end, Opcode.TEXT, count)
    bytes.write(message, start, 'utf8')
    this.taken(outbox, start + count)
    return true
  }

  /** A message that finds at most half of the cap taken is never too long: it may be an answer to one as long. */
  private hasRoom(count: number): boolean {
    const { waitingBytes } = this
    const { bufferedBytes } = this.context.limits
    return (
      waitingBytes <= bufferedBytes / 2 || waitingBytes + count + MAX_HEADER_BYTES <= bufferedBytes
    )
  }

  /**
   * The hard cap. A backlog that would pass it is flushed first; if it is still too long, the connection is
   * closed, and nothing more is put on a stream that would then have a hole. The bound is `bufferedBytes`, or half of it
   * and one message, whichever is longer.
   */
  private admit(count: number): boolean {
    if (this.#outbox === null || this.hasRoom(count)) return true
    this.handOver()
    if (this.hasRoom(count)) return true
    this.fail('ERR_SLOW_CONSUMER')
    return false
  }

  /** Queues a frame, whatever the state of the close handshake. */
  protected writeFrame(opcode: Opcode, payload: Uint8Array, compressed: boolean): void {
    const count = payload.length
    const outbox = this.room(headerBytes(count) + count)
    const { bytes } = outbox.slab!
    const start = writeHeader(bytes, outbox.end, opcode, count, compressed)
    copyBytes(payload, bytes, start)
    this.taken(outbox, start + count)
  }

  /** Queues bytes that are no frame: the response of the handshake. */
  protected writeRaw(text: string): void {
    const outbox = this.room(text.length)
    const count = outbox.slab!.bytes.write(text, outbox.end, 'latin1')
    this.taken(outbox, outbox.end + count)
  }

  /** Makes room for `count` bytes at `end` of the outbox's slab. */
  private room(count: number): Outbox {
    const outbox = (this.#outbox ??= takeOutbox())
    if (outbox.underWay !== null || count > LARGE_BYTES) return this.privateRoom(outbox, count)
    const { arena } = this.context.turn
    if (outbox.slab === arena.slab && outbox.end === arena.position && arena.fits(count)) {
      return outbox
    }
    finishPiece(outbox)
    arena.reserve(count)
    outbox.slab = arena.slab
    outbox.isPrivate = false
    outbox.start = arena.position
    outbox.end = arena.position
    return outbox
  }

  private privateRoom(outbox: Outbox, count: number): Outbox {
    const { slab } = outbox
    const isPrivate = slab !== null && outbox.isPrivate
    if (isPrivate && slab.bytes.length - outbox.end >= count) return outbox
    const last = isPrivate ? slab.bytes.length : 0
    finishPiece(outbox)
    const size =
      outbox.underWay !== null
        ? Math.max(count, Math.min(last * 2, LARGE_BYTES), BACKLOG_BYTES)
        : count
    outbox.slab = this.context.turn.arena.pool.take(size)
    outbox.isPrivate = true
    outbox.start = 0
    outbox.end = 0
    return outbox
  }

  /** Bytes were written from the region's end up to `end`. */
  private taken(outbox: Outbox, end: number): void {
    outbox.unflushedBytes += end - outbox.end
    outbox.end = end
    if (!outbox.isPrivate) this.context.turn.arena.position = end
    // What is large leaves while it lies in the processor's cache; to join it with more would save little.
    if (outbox.unflushedBytes >= LARGE_BYTES && outbox.underWay === null) this.handOver()
    this.context.turn.flushLater(this)
  }

  /** Puts what the topics have for this connection behind what was sent so far: it comes before a close frame. */
  protected takePublications(): void {
    if (this.subscriptions === null) return
    const outbox = (this.#outbox ??= takeOutbox())
    finishPiece(outbox)
    outbox.pieces ??= []
    outbox.unflushedBytes += this.context.hub.take(this as never, outbox.pieces)
  }

  /** Asks for a flush at the end of this turn. */
  flushLater(): void {
    this.context.turn.flushLater(this)
  }

  /** Called once at the end of each turn in which something was sent, and when a write has been taken. */
  flush(): void {
    if (this.isGone) return
    this.handOver()
    this.settle()
  }

  /** The engine: what was under way has been taken. */
  bytesWritten(): void {
    const outbox = this.#outbox
    if (outbox === null || outbox.underWay === null) return
    this.unpin(outbox)
    this.flush()
  }

  /** After the last byte, ends the sending direction. */
  protected endWhenFlushed(): void {
    this.bits |= Bit.IS_ENDING
    this.flushLater()
  }

  /** Gives all memory back; the transport is gone, and reads nothing any more. */
  protected dropUnsent(): void {
    this.bits &= ~Bit.WANTS_DRAIN
    const outbox = this.#outbox
    if (outbox === null) return
    this.#outbox = null
    this.unpin(outbox)
    outbox.unflushedBytes = 0
    giveOutbox(outbox)
  }

  private handOver(): void {
    const outbox = this.#outbox
    if (this.isGone || (outbox !== null && outbox.underWay !== null)) return
    // Publications go behind direct messages, at a frame border; none behind a close frame.
    if (this.subscriptions !== null && this.isOpen) {
      if (outbox === null && this.context.hub.lagBytes(this as never) === 0) return
      this.takePublications()
    }
    if (this.#outbox !== null && this.#outbox.unflushedBytes > 0) this.write(this.#outbox)
  }

  private write(outbox: Outbox): void {
    const { transport, line } = this
    const bytes = outbox.unflushedBytes
    outbox.unflushedBytes = 0
    this.context.counters.bytesSent += bytes
    let written: Slab | readonly Piece[]
    let isTaken: boolean
    if (outbox.pieces === null) {
      const slab = outbox.slab!
      outbox.slab = null
      written = slab
      isTaken = transport.write(line, slab, outbox.start, outbox.end)
    } else {
      finishPiece(outbox)
      const pieces = outbox.pieces
      outbox.pieces = null
      const only = pieces[0]!
      written = pieces.length === 1 ? only.slab : pieces
      isTaken =
        pieces.length === 1
          ? transport.write(line, only.slab, only.start, only.end)
          : transport.writeAll(line, pieces)
    }
    outbox.underWay = written
    pin(written, 1)
    if (isTaken) {
      this.unpin(outbox)
      return
    }
    outbox.underWayBytes = bytes
    outbox.blockedSinceMs = this.context.wheel.coarseNow
    outbox.sinceTurn = this.context.turn.endedCount
  }

  private unpin(outbox: Outbox): void {
    const written = outbox.underWay
    if (written === null) return
    outbox.underWay = null
    outbox.underWayBytes = 0
    pin(written, -1)
    const { pool } = this.context.turn.arena
    if (written instanceof Slab) {
      if (written.pins === 0) pool.give(written)
    } else for (const { slab } of written) if (slab.pins === 0) pool.give(slab)
  }

  /** What follows from an emptier buffer: `drain`, or the end. */
  private settle(): void {
    const outbox = this.#outbox
    if (outbox !== null && outbox.isEmpty) {
      this.#outbox = null
      giveOutbox(outbox)
    }
    if ((this.bits & (Bit.WANTS_DRAIN | Bit.IS_ENDING | Bit.PAUSED_BY_FLOW)) === 0) return
    if ((this.bits & Bit.PAUSED_BY_FLOW) !== 0) {
      if (this.bufferedBytes <= this.context.limits.bufferedBytes / 4) this.readOn()
    }
    if ((this.bits & Bit.WANTS_DRAIN) !== 0) {
      if (this.bufferedBytes <= this.context.limits.lowWaterBytes) {
        this.bits &= ~Bit.WANTS_DRAIN
        if (this.isOpen) this.drained()
      }
    }
    const isEnding = (this.bits & (Bit.IS_ENDING | Bit.HAS_ENDED)) === Bit.IS_ENDING
    if (isEnding && this.bufferedBytes === 0) {
      this.bits |= Bit.HAS_ENDED
      this.transport.end(this.line)
    }
  }
}

function finishPiece(outbox: Outbox): void {
  const { slab, start, end } = outbox
  if (slab === null) return
  if (end > start) {
    outbox.pieces ??= []
    outbox.pieces.push({ slab, start, end })
  }
  outbox.slab = null
}

function pin(written: Slab | readonly Piece[], by: 1 | -1): void {
  if (written instanceof Slab) written.pins += by
  else for (const { slab } of written) slab.pins += by
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
