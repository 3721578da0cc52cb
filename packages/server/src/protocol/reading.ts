// What a connection has half received: a cut header, a payload in the making, the fragments of a message.
// Exists only while something is half received; written by the parser alone.

import { MAX_CONTROL_BYTES, MAX_HEADER_BYTES, Opcode } from './frame.ts'
import { giveMessageMemory, takeMessageMemory } from './message-memory.ts'
import { continueUtf8, UTF8_COMPLETE, UTF8_INVALID } from './utf8.ts'

/** Where in the stream of frames the next byte belongs. */
export const Stage = { BETWEEN_FRAMES: 0, IN_HEADER: 1, IN_PAYLOAD: 2 } as const
export type Stage = (typeof Stage)[keyof typeof Stage]

/** The first size of the buffer that fragments are copied into. */
const FIRST_CAPACITY_BYTES = 128

const NO_DATA: Uint8Array = Buffer.alloc(0)

export class Reading {
  stage: Stage = Stage.BETWEEN_FRAMES

  // Header in the making
  header: Uint8Array | null = null
  headerLength = 0

  // Frame
  frameOpcode = 0
  frameFinal = false
  /** Payload bytes of this frame that have not come yet. */
  remaining = 0
  key = 0
  /** Payload bytes of this frame that have come: the phase of the mask. */
  phase = 0

  // Control payload in the making
  control: Uint8Array | null = null
  controlLength = 0

  // Message
  /** Opcode of the message's first frame; 0 when none is under way. */
  opcode = 0
  compressed = false
  data: Uint8Array = NO_DATA
  /** Bytes of `data` in use. */
  length = 0
  utf8: number = UTF8_COMPLETE

  /** When the first byte came, on the clock of the connection, which sets it; 0: not set. */
  sinceMs = 0

  /** Keeps the first octets of a header that is not whole yet. */
  beginHeader(bytes: Uint8Array, start: number, end: number): void {
    this.stage = Stage.IN_HEADER
    this.header = new Uint8Array(MAX_HEADER_BYTES)
    this.header.set(bytes.subarray(start, end))
    this.headerLength = end - start
  }

  beginMessage(opcode: number, compressed: boolean): void {
    this.opcode = opcode
    this.compressed = compressed
  }

  beginFrame(opcode: number, final: boolean, payloadBytes: number, key: number): void {
    this.frameOpcode = opcode
    this.frameFinal = final
    this.remaining = payloadBytes
    this.key = key
    this.phase = 0
    this.controlLength = 0
    this.header = null
  }

  /** Adds a part of a control frame's payload. */
  addControl(bytes: Uint8Array, start: number, end: number): void {
    this.control ??= new Uint8Array(MAX_CONTROL_BYTES)
    this.control.set(bytes.subarray(start, end), this.controlLength)
    this.controlLength += end - start
    this.remaining -= end - start
  }

  /**
   * Copies a part of a data frame's payload into the one growing buffer. It doubles as bytes *arrive*, so that
   * a declared length alone takes no memory, and the buffer stays within twice what has come.
   */
  addData(bytes: Uint8Array, start: number, end: number, maxMessageBytes: number): void {
    const count = end - start
    const needed = this.length + count
    if (needed > this.data.length && !this.#reuse()) {
      const bound = this.frameFinal ? this.length + this.remaining : maxMessageBytes
      const doubled = Math.max(needed, this.data.length * 2, FIRST_CAPACITY_BYTES)
      this.#grow(Math.max(needed, Math.min(doubled, bound)))
    }
    copy(bytes, start, end, this.data, this.length)
    this.length = needed
    this.remaining -= count
  }

  /** Memory that is there already may be as long as the declared length says. */
  #reuse(): boolean {
    if (this.data.length > 0 || !this.frameFinal) return false
    const memory = takeMessageMemory(this.remaining)
    if (memory === null) return false
    this.data = memory
    return true
  }

  /** `transfer` gives the smaller memory back at once; left to the collector, a flood would hold both for long. */
  #grow(capacity: number): void {
    if (this.data.length === 0) this.data = Buffer.allocUnsafeSlow(capacity)
    else this.data = Buffer.from((this.data.buffer as ArrayBuffer).transfer(capacity))
  }

  /** The message was delivered: its memory, which was only lent, may serve the next one. */
  delivered(): void {
    giveMessageMemory(this.data as Buffer)
    this.data = NO_DATA
  }

  /** Gives the memory of the payload back at once, when nobody was or will be shown it. */
  release(): void {
    if (this.data.length > 0) (this.data.buffer as ArrayBuffer).transfer(0)
    this.data = NO_DATA
    this.length = 0
  }

  /** Feeds a part of the payload to the UTF-8 check; true for what is not plain text. */
  checkUtf8(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.opcode !== Opcode.TEXT || this.compressed) return true
    this.utf8 = continueUtf8(this.utf8, bytes, start, end)
    return this.utf8 !== UTF8_INVALID
  }
}

/** Short runs by hand: a view for `set` costs more than the bytes (conformance's one-byte fragments). */
function copy(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > 32) to.set(from.subarray(start, end), at)
  else for (let i = start, j = at; i < end;) to[j++] = from[i++]!
}
