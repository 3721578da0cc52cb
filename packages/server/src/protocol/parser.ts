// Reading frames (RFC 6455 §5): a push parser that calls a sink. It holds nothing of a connection itself: one
// parser serves all connections of a route, and what a connection has half received lives in `sink.reading`,
// built only while something is half received. It does no I/O and knows no timers.

import { readClosePayload } from './close-code.ts'
import { Reading, Stage } from './reading.ts'
import type { ErrorCode } from './errors.ts'
import { HoldlineError } from './errors.ts'
import { MAX_CONTROL_BYTES, Opcode } from './frame.ts'
import { applyMask } from './mask.ts'
import { isValidUtf8, UTF8_COMPLETE } from './utf8.ts'

/** Which side of the line reads: a server wants masked frames, a client unmasked ones (RFC 6455 §5.1). */
export type Role = 'server' | 'client'

/**
 * Inflates one compressed message into memory of its own; throws a HoldlineError (ERR_MESSAGE_TOO_BIG,
 * ERR_MESSAGE_DEFLATE).
 */
export interface MessageInflater {
  inflate(bytes: Uint8Array, maxBytes: number): Uint8Array
}

/**
 * What the parser calls. Payloads are `bytes[start, end)`, unmasked, and borrowed: they are overwritten after
 * the call returns. No call may lead back into `parse`.
 */
export interface MessageSink {
  /** The parser's own state of this connection: null whenever nothing is half received. */
  reading: Reading | null
  /** Asked before every frame: true stops the parser there. */
  readonly halted: boolean
  /** Present when permessage-deflate was agreed; without it RSV1 is refused. */
  readonly inflater: MessageInflater | null
  /** A whole message; text has been checked to be UTF-8. */
  onMessage(bytes: Uint8Array, start: number, end: number, isText: boolean): void
  onPing(bytes: Uint8Array, start: number, end: number): void
  onPong(bytes: Uint8Array, start: number, end: number): void
  /** A valid close frame; 1005 when it carried no code. A sink that wants nothing more halts. */
  onClose(code: number, reason: string): void
  /** The bytes break the protocol. The rest of them is dropped. */
  onProtocolError(code: ErrorCode): void
}

export interface ParserOptions {
  readonly role: Role
  /** The longest message, in bytes of payload after inflating; also the bound of memory for fragments. */
  readonly maxMessageBytes: number
}

/** The outcome of `#readHeader`: more bytes are needed, or the header is refused. */
const HEADER_INCOMPLETE = 0
const HEADER_REFUSED = -1

export class FrameParser {
  readonly #mustBeMasked: boolean
  readonly #maxMessageBytes: number

  // The frame header that was read last: fields instead of an object, so that a frame costs no allocation.
  #opcode = 0
  #final = false
  #compressed = false
  #length = 0
  #key = 0
  #problem: ErrorCode = 'ERR_FRAME_OPCODE'

  constructor(options: ParserOptions) {
    this.#mustBeMasked = options.role === 'server'
    this.#maxMessageBytes = options.maxMessageBytes
  }

  /**
   * Parses `bytes[start, end)` and calls the sink. Payloads are unmasked in place. Returns the position up to
   * which bytes were taken: less than `end` only when the sink halted; the rest then belongs to the next call.
   */
  parse(sink: MessageSink, bytes: Uint8Array, start: number, end: number): number {
    let at = start
    while (at < end && !sink.halted) {
      const reading = sink.reading
      if (reading !== null && reading.stage !== Stage.BETWEEN_FRAMES) {
        at = this.#continueFrame(sink, reading, bytes, at, end)
        continue
      }
      const headerLength = this.#readHeader(sink, bytes, at, end)
      if (headerLength === HEADER_REFUSED) {
        sink.onProtocolError(this.#problem)
        return end
      }
      if (headerLength === HEADER_INCOMPLETE) {
        this.#reading(sink).beginHeader(bytes, at, end)
        return end
      }
      at += headerLength
      const payloadEnd = at + this.#length
      if (payloadEnd <= end) {
        applyMask(bytes, at, payloadEnd, this.#key, 0)
        if (!this.#wholeFrame(sink, bytes, at, payloadEnd)) return end
        at = payloadEnd
      } else {
        this.#beginPayload(sink)
      }
    }
    return at
  }

  #reading(sink: MessageSink): Reading {
    sink.reading ??= new Reading()
    return sink.reading
  }

  /**
   * Reads a frame header at `bytes[at, end)` into the fields above and returns its length, or
   * HEADER_INCOMPLETE, or HEADER_REFUSED with `#problem` set. Refuses as early as the bytes allow.
   */
  #readHeader(sink: MessageSink, bytes: Uint8Array, at: number, end: number): number {
    const available = end - at
    const first = bytes[at]!
    this.#opcode = first & 15
    this.#final = (first & 0x80) !== 0
    this.#compressed = (first & 0x40) !== 0
    if (!this.#checkFirstOctet(sink, first)) return HEADER_REFUSED
    if (available < 2) return HEADER_INCOMPLETE

    const second = bytes[at + 1]!
    const masked = (second & 0x80) !== 0
    if (masked !== this.#mustBeMasked) {
      return this.#refuse(masked ? 'ERR_FRAME_MASKED' : 'ERR_FRAME_UNMASKED')
    }
    let length = second & 127
    if (this.#opcode >= Opcode.CLOSE && length > MAX_CONTROL_BYTES) {
      return this.#refuse('ERR_CONTROL_TOO_LONG')
    }
    let position = at + 2
    if (length === 126) {
      if (available < 4) return HEADER_INCOMPLETE
      length = (bytes[position]! << 8) | bytes[position + 1]!
      if (length < 126) return this.#refuse('ERR_FRAME_LENGTH_NOT_MINIMAL')
      position += 2
    } else if (length === 127) {
      if (bytes[position]! > 127 && available > 2) return this.#refuse('ERR_FRAME_LENGTH_TOP_BIT')
      if (available < 10) return HEADER_INCOMPLETE
      // Beyond 2^53 the sum is inexact, which does not matter: it is over every limit.
      length = readUint32(bytes, position) * 0x1_0000_0000 + readUint32(bytes, position + 4)
      if (length < 65_536) return this.#refuse('ERR_FRAME_LENGTH_NOT_MINIMAL')
      position += 8
    }
    const before = sink.reading === null ? 0 : sink.reading.length
    if (this.#opcode < Opcode.CLOSE && before + length > this.#maxMessageBytes) {
      return this.#refuse('ERR_MESSAGE_TOO_BIG')
    }
    this.#length = length
    this.#key = 0
    if (masked) {
      if (end - position < 4) return HEADER_INCOMPLETE
      this.#key =
        bytes[position]! |
        (bytes[position + 1]! << 8) |
        (bytes[position + 2]! << 16) |
        (bytes[position + 3]! << 24)
      position += 4
    }
    return position - at
  }

  /** RFC 6455 §5.2 (RSV, opcode), §5.4 (fragments), §5.5 (control frames); RFC 7692 §6 (RSV1). */
  #checkFirstOctet(sink: MessageSink, first: number): boolean {
    const opcode = this.#opcode
    const isFirstOfMessage = opcode === Opcode.TEXT || opcode === Opcode.BINARY
    const allowedBits = sink.inflater !== null && isFirstOfMessage ? 0x40 : 0
    if ((first & 0x70 & ~allowedBits) !== 0) return this.#refuses('ERR_FRAME_RESERVED_BITS')
    if (opcode >= Opcode.CLOSE) {
      if (opcode > Opcode.PONG) return this.#refuses('ERR_FRAME_OPCODE')
      if (!this.#final) return this.#refuses('ERR_CONTROL_FRAGMENTED')
      return true
    }
    if (opcode > Opcode.BINARY) return this.#refuses('ERR_FRAME_OPCODE')
    const isInMessage = sink.reading !== null && sink.reading.opcode !== 0
    if (opcode === Opcode.CONTINUATION) {
      return isInMessage || this.#refuses('ERR_CONTINUATION_UNEXPECTED')
    }
    return !isInMessage || this.#refuses('ERR_CONTINUATION_EXPECTED')
  }

  #refuses(problem: ErrorCode): false {
    this.#problem = problem
    return false
  }

  #refuse(problem: ErrorCode): typeof HEADER_REFUSED {
    this.#problem = problem
    return HEADER_REFUSED
  }

  /** A frame whose payload lies whole in `bytes`. Returns false when the rest of the bytes must be dropped. */
  #wholeFrame(sink: MessageSink, bytes: Uint8Array, start: number, end: number): boolean {
    const opcode = this.#opcode
    if (opcode >= Opcode.CLOSE) return this.#control(sink, opcode, bytes, start, end)
    if (this.#final && opcode !== Opcode.CONTINUATION) {
      const isText = opcode === Opcode.TEXT
      if (!this.#compressed) return deliver(sink, bytes, start, end, isText)
      const inflated = inflate(sink, bytes.subarray(start, end), this.#maxMessageBytes)
      return inflated !== null && deliver(sink, inflated, 0, inflated.length, isText)
    }
    const reading = this.#reading(sink)
    if (opcode !== Opcode.CONTINUATION) reading.beginMessage(opcode, this.#compressed)
    reading.beginFrame(opcode, this.#final, end - start, 0)
    return this.#append(sink, reading, bytes, start, end)
  }

  /** A frame of which only a part is here: remember its header; the payload is taken as it comes. */
  #beginPayload(sink: MessageSink): void {
    const reading = this.#reading(sink)
    const opcode = this.#opcode
    if (opcode === Opcode.TEXT || opcode === Opcode.BINARY) {
      reading.beginMessage(opcode, this.#compressed)
    }
    reading.beginFrame(opcode, this.#final, this.#length, this.#key)
    reading.stage = Stage.IN_PAYLOAD
  }

  /** Goes on with a half-received header or payload and returns the new position. */
  #continueFrame(
    sink: MessageSink,
    reading: Reading,
    bytes: Uint8Array,
    at: number,
    end: number,
  ): number {
    if (reading.stage === Stage.IN_HEADER)
      return this.#continueHeader(sink, reading, bytes, at, end)
    const partEnd = Math.min(end, at + reading.remaining)
    applyMask(bytes, at, partEnd, reading.key, reading.phase)
    reading.phase += partEnd - at
    if (reading.frameOpcode < Opcode.CLOSE) {
      return this.#append(sink, reading, bytes, at, partEnd) ? partEnd : end
    }
    reading.addControl(bytes, at, partEnd)
    if (reading.remaining > 0) return partEnd
    const payload = reading.control!
    const length = reading.controlLength
    this.#frameDone(sink, reading)
    return this.#control(sink, reading.frameOpcode, payload, 0, length) ? partEnd : end
  }

  /** Adds octets to a half-received header until it is whole or refused. */
  #continueHeader(
    sink: MessageSink,
    reading: Reading,
    bytes: Uint8Array,
    at: number,
    end: number,
  ): number {
    const header = reading.header!
    let position = at
    while (position < end) {
      header[reading.headerLength++] = bytes[position++]!
      const headerLength = this.#readHeader(sink, header, 0, reading.headerLength)
      if (headerLength === HEADER_REFUSED) {
        sink.onProtocolError(this.#problem)
        return end
      }
      if (headerLength === HEADER_INCOMPLETE) continue
      this.#beginPayload(sink)
      // An empty payload is complete at once: no byte will come that could finish it.
      if (this.#length === 0) return this.#continueFrame(sink, reading, bytes, position, end)
      return position
    }
    return position
  }

  /** A part of a data frame's payload, unmasked. Completes the message when it was the last part. */
  #append(
    sink: MessageSink,
    reading: Reading,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    reading.addData(bytes, start, end, this.#maxMessageBytes)
    if (!reading.checkUtf8(bytes, start, end)) {
      sink.onProtocolError('ERR_MESSAGE_UTF8')
      return false
    }
    if (reading.remaining > 0) return true
    if (!reading.frameFinal) {
      reading.stage = Stage.BETWEEN_FRAMES
      return true
    }
    sink.reading = null
    const isText = reading.opcode === Opcode.TEXT
    if (reading.compressed) {
      const whole = reading.data.subarray(0, reading.length)
      const inflated = inflate(sink, whole, this.#maxMessageBytes)
      reading.release()
      return inflated !== null && deliver(sink, inflated, 0, inflated.length, isText)
    }
    if (isText && reading.utf8 !== UTF8_COMPLETE) {
      sink.onProtocolError('ERR_MESSAGE_UTF8')
      return false
    }
    sink.onMessage(reading.data, 0, reading.length, isText)
    reading.delivered()
    return true
  }

  #frameDone(sink: MessageSink, reading: Reading): void {
    reading.stage = Stage.BETWEEN_FRAMES
    reading.control = null
    if (reading.opcode === 0) sink.reading = null
  }

  #control(
    sink: MessageSink,
    opcode: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    if (opcode === Opcode.PING) sink.onPing(bytes, start, end)
    else if (opcode === Opcode.PONG) sink.onPong(bytes, start, end)
    else {
      const close = readClosePayload(bytes, start, end)
      if (close.problem !== null) {
        sink.onProtocolError(close.problem)
        return false
      }
      sink.onClose(close.code, close.reason)
    }
    return true
  }
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  )
}

/** Gives a whole message to the sink; false: it is text that is not UTF-8. */
function deliver(
  sink: MessageSink,
  bytes: Uint8Array,
  start: number,
  end: number,
  isText: boolean,
): boolean {
  if (isText && !isValidUtf8(bytes, start, end)) {
    sink.onProtocolError('ERR_MESSAGE_UTF8')
    return false
  }
  sink.onMessage(bytes, start, end, isText)
  return true
}

/** Inflates, or tells the sink why not and returns null. */
function inflate(sink: MessageSink, bytes: Uint8Array, maxBytes: number): Uint8Array | null {
  try {
    return sink.inflater!.inflate(bytes, maxBytes)
  } catch (error) {
    sink.onProtocolError(error instanceof HoldlineError ? error.code : 'ERR_MESSAGE_DEFLATE')
    return null
  }
}
