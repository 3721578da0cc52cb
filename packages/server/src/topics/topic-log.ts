// A topic's log: publications as frames that are ready to send, one behind the other. Encoded once, whatever the
// number of subscribers; each of them is a position in the log and is sent slices of it without a copy.

import { Slab } from '../connection/slab.ts'
import type { Piece } from '../connection/slab.ts'
import { headerBytes, Opcode, writeHeader } from '../protocol/frame.ts'
import type { PublishedMessage } from './broker.ts'

const FIRST_SEGMENT_BYTES = 512
const MAX_SEGMENT_BYTES = 65_536

/** Append-only memory: a slice of it stays as it is for as long as somebody holds it. */
interface Segment {
  /** Position in the log of the segment's first byte. */
  readonly base: number
  readonly slab: Slab
  length: number
}

export class TopicLog {
  readonly #neededFrom: () => number
  #segments: Segment[] = []
  #head = 0
  #publicationCount = 0
  /** How much gathers before it is sent. It should lie in one piece: of two, each subscriber is sent two. */
  #gathers = 0
  // Most subscribers are at the same place: they share one slice.
  #sharedFrom = -1
  #sharedHead = -1
  #shared: Piece[] = []

  /** `neededFrom` gives the lowest position that a subscriber still needs; the head where nobody needs any. */
  constructor(neededFrom: () => number) {
    this.#neededFrom = neededFrom
  }

  /** Position behind the last frame, in bytes since the log began. */
  get head(): number {
    return this.#head
  }

  /** Publications since the log began. */
  get publicationCount(): number {
    return this.#publicationCount
  }

  /** Bytes that the log keeps. */
  get keptBytes(): number {
    return this.#segments.length === 0 ? 0 : this.#head - this.#segments[0]!.base
  }

  append(message: PublishedMessage): void {
    const isText = typeof message === 'string'
    const payloadBytes = isText ? Buffer.byteLength(message, 'utf8') : message.length
    const segment = this.#room(headerBytes(payloadBytes) + payloadBytes)
    const opcode = isText ? Opcode.TEXT : Opcode.BINARY
    const { bytes } = segment.slab
    const start = writeHeader(bytes, segment.length, opcode, payloadBytes)
    if (isText) bytes.write(message, start, 'utf8')
    else bytes.set(message, start)
    this.#head += start + payloadBytes - segment.length
    segment.length = start + payloadBytes
    this.#publicationCount++
  }

  #room(count: number): Segment {
    const current = this.#segments.at(-1)
    if (current !== undefined && current.slab.bytes.length - current.length >= count) return current
    // Each time memory is needed is a time to give some back; a log that all have read begins small again.
    const neededFrom = this.#neededFrom()
    this.#trim(neededFrom)
    const last = this.#segments.at(-1)
    this.#gathers = Math.max(this.#head - neededFrom, this.#gathers >> 1)
    const size = Math.max((last?.slab.bytes.length ?? 0) * 2, this.#gathers * 4)
    const bounded = Math.min(Math.max(size, FIRST_SEGMENT_BYTES), MAX_SEGMENT_BYTES)
    const slab = new Slab(Math.max(bounded, count))
    const segment = { base: this.#head, slab, length: 0 }
    this.#segments.push(segment)
    return segment
  }

  /** Appends the frames from position `from` to the head to `pieces`, and returns their bytes. */
  slice(from: number, pieces: Piece[]): number {
    if (from !== this.#sharedFrom || this.#head !== this.#sharedHead) {
      this.#shared = this.#cut(from)
      this.#sharedFrom = from
      this.#sharedHead = this.#head
    }
    for (const piece of this.#shared) pieces.push(piece)
    return this.#head - from
  }

  /** The frames from position `from` to position `to`. */
  pieces(from: number, to: number): Piece[] {
    const pieces: Piece[] = []
    for (const { base, slab, length } of this.#segments) {
      const start = Math.max(from - base, 0)
      const end = Math.min(to - base, length)
      if (start < end) pieces.push({ slab, start, end })
    }
    return pieces
  }

  #cut(from: number): Piece[] {
    const pieces: Piece[] = []
    for (const { base, slab, length } of this.#segments) {
      if (base + length > from) pieces.push({ slab, start: Math.max(from - base, 0), end: length })
    }
    return pieces
  }

  /** Forgets whole segments before `position`. */
  #trim(position: number): void {
    let gone = 0
    while (gone < this.#segments.length) {
      const { base, length } = this.#segments[gone]!
      if (base + length > position) break
      gone++
    }
    if (gone > 0) this.#segments.splice(0, gone)
    // The shared slices would keep forgotten segments alive.
    this.#shared = []
    this.#sharedFrom = -1
  }
}
