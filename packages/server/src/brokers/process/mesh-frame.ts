// The bytes between two processes of one machine: frames with their length in front, gathered into batches, and
// read again from chunks of any size. Knows no sockets and no topics.
//
// A frame: length of what follows (u32, little-endian), kind (u8), body. The body of a publication: length of the
// topic in bytes (u8), topic, message. The body of a message to one worker: its bytes.

import { HoldlineError } from '../../protocol/errors.ts'
import type { PublishedMessage } from '../../topics/broker.ts'

export const FrameKind = {
  HELLO: 1,
  HEAR: 2,
  GOODBYE: 3,
  TEXT: 4,
  BINARY: 5,
  MESSAGE: 6,
  // Topics with history: keeper-frame.ts. To the keeper:
  APPEND: 7,
  ATTACH: 8,
  DETACH: 9,
  READ: 10,
  // From the keeper:
  CURSOR: 11,
  PAGE: 12,
  APPENDED: 13,
  REFUSED: 14,
} as const
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind]

const LENGTH_BYTES = 4
const MAX_TOPIC_BYTES = 255

/** Longest message that a publication may carry between processes. */
export const MAX_PUBLICATION_BYTES = 67_108_864
/** Longest frame, counted without its length field: a page of history has a little for each of its publications. */
const MAX_FRAME_BYTES: number = MAX_PUBLICATION_BYTES + 8_388_608

const CHUNK_BYTES = 65_536
const NO_BYTES = Buffer.alloc(0)

export function controlFrame(kind: FrameKind, body: string = ''): Buffer {
  const bodyBytes = Buffer.byteLength(body)
  const frame = Buffer.alloc(LENGTH_BYTES + 1 + bodyBytes)
  frame.writeUInt32LE(1 + bodyBytes, 0)
  frame[LENGTH_BYTES] = kind
  frame.write(body, LENGTH_BYTES + 1)
  return frame
}

/** Frames behind one another until somebody takes them. What was taken stays as it is. */
export class FrameBatch {
  #chunk: Buffer = NO_BYTES
  #start = 0
  #end = 0
  #lastStart = 0

  get length(): number {
    return this.#end - this.#start
  }

  /** The bytes gathered since the last call. */
  take(): Buffer {
    const bytes = this.#chunk.subarray(this.#start, this.#end)
    this.#start = this.#end
    return bytes
  }

  /** Begins a frame; its body has to be written into `chunk` from what is returned. */
  protected begin(kind: number, bodyBytes: number): number {
    const frameBytes = 1 + bodyBytes
    this.#reserve(LENGTH_BYTES + frameBytes)
    const chunk = this.#chunk
    const at = this.#end
    // By hand: a third of the time of writeUInt32LE, which checks what is known here.
    chunk[at] = frameBytes
    chunk[at + 1] = frameBytes >>> 8
    chunk[at + 2] = frameBytes >>> 16
    chunk[at + 3] = frameBytes >>> 24
    chunk[at + LENGTH_BYTES] = kind
    this.#lastStart = at
    this.#end = at + LENGTH_BYTES + frameBytes
    return at + LENGTH_BYTES + 1
  }

  /** The frame that was written last, as bytes that stay as they are. */
  get last(): Buffer {
    return this.#chunk.subarray(this.#lastStart, this.#end)
  }

  /** A frame that stands whole in another batch. */
  copy(frame: Buffer): void {
    this.#reserve(frame.length)
    this.#lastStart = this.#end
    this.#chunk.set(frame, this.#end)
    this.#end += frame.length
  }

  protected get chunk(): Buffer {
    return this.#chunk
  }

  #reserve(count: number): void {
    if (this.#chunk.length - this.#end >= count) return
    const gathered = this.length
    const size = Math.max(CHUNK_BYTES, (gathered + count) * (gathered === 0 ? 1 : 2))
    const chunk = Buffer.allocUnsafeSlow(size)
    chunk.set(this.#chunk.subarray(this.#start, this.#end))
    this.#chunk = chunk
    this.#start = 0
    this.#end = gathered
  }
}

/** Publications, for all who hear them. */
export class PublicationBatch extends FrameBatch {
  /** Says why it cannot be carried: ERR_TOPIC_NAME, ERR_PUBLICATION_TOO_BIG; null: it was appended. */
  append(topic: string, message: PublishedMessage): HoldlineError | null {
    const topicBytes = Buffer.byteLength(topic)
    if (topicBytes === 0 || topicBytes > MAX_TOPIC_BYTES) {
      return new HoldlineError('ERR_TOPIC_NAME', JSON.stringify(topic).slice(0, 80))
    }
    const isText = typeof message === 'string'
    const messageBytes = isText ? Buffer.byteLength(message) : message.length
    if (messageBytes > MAX_PUBLICATION_BYTES) {
      return new HoldlineError('ERR_PUBLICATION_TOO_BIG', `${messageBytes} bytes on ${topic}`)
    }
    const kind = isText ? FrameKind.TEXT : FrameKind.BINARY
    let at = this.begin(kind, 1 + topicBytes + messageBytes)
    const { chunk } = this
    chunk[at++] = topicBytes
    at += chunk.write(topic, at, 'utf8')
    if (isText) chunk.write(message, at, 'utf8')
    else chunk.set(message, at)
    return null
  }
}

/** Messages for one worker. */
export class MessageBatch extends FrameBatch {
  /** At most MAX_PUBLICATION_BYTES. */
  append(bytes: Uint8Array): void {
    const at = this.begin(FrameKind.MESSAGE, bytes.length)
    this.chunk.set(bytes, at)
  }
}

/**
 * Is given each frame's kind and the place of its body. The bytes stay as they are for as long as somebody holds
 * them, so a message may be a view of them. False: read no further.
 */
export type OnFrame = (kind: number, bytes: Buffer, start: number, end: number) => boolean

export class MeshReader {
  /** Longest frame that is read now: short until the other side has said who it is. */
  maxFrameBytes = 256
  readonly #onFrame: OnFrame
  /** The beginning of a frame that has not come in whole. */
  #parts: Buffer[] = []
  #partBytes = 0

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame
  }

  trust(): void {
    this.maxFrameBytes = MAX_FRAME_BYTES
  }

  /** Takes a chunk in. False: it does not keep to the format, or the handler wants no more. */
  read(chunk: Buffer): boolean {
    let at = 0
    while (this.#partBytes > 0) {
      const missing = this.#missingBytes()
      if (missing < 0) return false
      if (chunk.length - at < missing) {
        this.#keep(chunk.subarray(at))
        return true
      }
      this.#keep(chunk.subarray(at, at + missing))
      at += missing
      if (!this.#isWhole()) continue
      const frame = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)
      this.#parts = []
      this.#partBytes = 0
      if (!this.#onFrame(frame[LENGTH_BYTES]!, frame, LENGTH_BYTES + 1, frame.length)) return false
    }
    while (chunk.length - at >= LENGTH_BYTES) {
      const length = chunk.readUInt32LE(at)
      if (length < 1 || length > this.maxFrameBytes) return false
      const start = at + LENGTH_BYTES
      const end = start + length
      if (end > chunk.length) break
      if (!this.#onFrame(chunk[start]!, chunk, start + 1, end)) return false
      at = end
    }
    if (at < chunk.length) this.#keep(chunk.subarray(at))
    return true
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return
    this.#parts.push(part)
    this.#partBytes += part.length
    // The length field in one piece, so that it can be read.
    if (this.#parts.length > 1 && this.#parts[0]!.length < LENGTH_BYTES) {
      this.#parts = [Buffer.concat(this.#parts)]
    }
  }

  /** Bytes until the length is known, then until the frame is whole; -1 for a length out of bounds. */
  #missingBytes(): number {
    if (this.#partBytes < LENGTH_BYTES) return LENGTH_BYTES - this.#partBytes
    const length = this.#parts[0]!.readUInt32LE(0)
    if (length < 1 || length > this.maxFrameBytes) return -1
    return LENGTH_BYTES + length - this.#partBytes
  }

  #isWhole(): boolean {
    return this.#partBytes > LENGTH_BYTES && this.#missingBytes() === 0
  }
}

/** Reads the bodies of publications; most follow one on the same topic, whose name is decoded once. */
export class PublicationDecoder {
  #topicBytes: Buffer = Buffer.alloc(0)
  #topic = ''

  /** Calls `f`; false: the body is malformed. */
  decode(
    kind: number,
    bytes: Buffer,
    start: number,
    end: number,
    f: (topic: string, message: PublishedMessage) => void,
  ): boolean {
    if (start >= end) return false
    const topicStart = start + 1
    const topicEnd = topicStart + bytes[start]!
    if (topicEnd > end || topicEnd === topicStart) return false
    const known = this.#topicBytes
    if (bytes.compare(known, 0, known.length, topicStart, topicEnd) !== 0) {
      this.#topicBytes = Buffer.from(bytes.subarray(topicStart, topicEnd))
      this.#topic = bytes.toString('utf8', topicStart, topicEnd)
    }
    if (kind === FrameKind.TEXT) f(this.#topic, bytes.toString('utf8', topicEnd, end))
    else f(this.#topic, plainBytes(bytes, topicEnd, end))
    return true
  }
}

/** A plain Uint8Array: `slice` of a Buffer would be a view where programs expect a copy. */
export function plainBytes(bytes: Buffer, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start)
}
