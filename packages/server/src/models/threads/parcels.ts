// Parcels in a ring: a kind and a text or bytes of any length. One that is longer than the ring goes through it in
// pieces. Must not know what the kinds mean.

import type { Ring } from './ring.ts'
import { RING_ALIGNMENT } from './ring.ts'

/** Beside the kind: the payload is text. */
const TEXT = 0x80

/** Kind and length, before each payload. */
const HEAD_BYTES = 8

/** A payload with the padding behind it. */
function padded(count: number): number {
  return (count + RING_ALIGNMENT - 1) & -RING_ALIGNMENT
}

export class ParcelWriter {
  readonly #ring: Ring
  /** What found no room, in order: whole parcels but for the first. */
  #rest: Uint8Array[] = []
  /** How much of the first has been written. */
  #restAt = 0

  constructor(ring: Ring) {
    this.#ring = ring
  }

  /** Whether something waits for room, which `flush` goes on with. */
  get hasRest(): boolean {
    return this.#rest.length > 0
  }

  /**
   * Takes a parcel, whatever the room; the payload is copied. False: a rest waits for room.
   *
   * @param kind 0 to 127.
   */
  write(kind: number, payload: string | Uint8Array): boolean {
    if (this.#rest.length === 0 && this.tryWrite(kind, payload)) return true
    const count = byteLengthOf(payload)
    // Zeros: what lies in the memory of a process is nobody else's affair, padding included.
    const parcel = Buffer.alloc(HEAD_BYTES + padded(count))
    place(parcel, 0, kind, payload, count)
    this.#rest.push(parcel)
    return this.flush()
  }

  /** Writes the parcel if all of it fits now, else nothing. */
  tryWrite(kind: number, payload: string | Uint8Array): boolean {
    const ring = this.#ring
    const count = byteLengthOf(payload)
    const size = HEAD_BYTES + padded(count)
    if (this.#rest.length > 0 || size > ring.freeBytes) return false
    const at = ring.writeIndex
    if (at + size <= ring.capacityBytes) {
      place(ring.bytes, at, kind, payload, count)
      ring.didWrite(size)
      return true
    }
    const parcel = Buffer.alloc(size)
    place(parcel, 0, kind, payload, count)
    ring.write(parcel, 0, size)
    return true
  }

  /** Whether a payload of so many bytes could ever be written by `tryWrite`. */
  fits(count: number): boolean {
    return HEAD_BYTES + padded(count) <= this.#ring.capacityBytes
  }

  /** Writes what fits of the rest. True: nothing of it is left. */
  flush(): boolean {
    while (this.#rest.length > 0) {
      const first = this.#rest[0]!
      this.#restAt += this.#ring.write(first, this.#restAt, first.length)
      if (this.#restAt < first.length) return false
      this.#rest.shift()
      this.#restAt = 0
    }
    return true
  }
}

export class ParcelReader {
  /** Of the parcel that `next` took. */
  kind = 0
  payload: string | Uint8Array = ''

  readonly #ring: Ring
  /** A parcel of which only a part has come. */
  #part: Buffer | null = null
  #partAt = 0
  #partCount = 0

  constructor(ring: Ring) {
    this.#ring = ring
  }

  /** Takes the next parcel as `kind` and `payload`; bytes are a copy. False: none is whole yet. */
  next(): boolean {
    const ring = this.#ring
    if (this.#part !== null) return this.#goOn()
    const used = ring.usedBytes
    if (used < HEAD_BYTES) return false
    const at = ring.readIndex
    const kind = ring.bytes[at]!
    const count = ring.bytes.readUInt32LE(at + 4)
    const size = HEAD_BYTES + padded(count)
    if (size > used || at + size > ring.capacityBytes) {
      this.kind = kind
      this.#part = Buffer.allocUnsafeSlow(padded(count))
      this.#partAt = 0
      this.#partCount = count
      ring.didRead(HEAD_BYTES)
      return this.#goOn()
    }
    const start = at + HEAD_BYTES
    this.#take(kind, ring.bytes, start, start + count)
    ring.didRead(size)
    return true
  }

  #goOn(): boolean {
    const part = this.#part!
    this.#partAt += this.#ring.copyOut(part, this.#partAt, part.length)
    if (this.#partAt < part.length) return false
    this.#part = null
    this.#take(this.kind, part, 0, this.#partCount)
    return true
  }

  #take(kind: number, from: Buffer, start: number, end: number): void {
    this.kind = kind & ~TEXT
    if ((kind & TEXT) !== 0) this.payload = from.toString('utf8', start, end)
    else {
      // Not `slice`, which for a Buffer is a view.
      this.payload = new Uint8Array(end - start)
      this.payload.set(from.subarray(start, end))
    }
  }
}

function byteLengthOf(payload: string | Uint8Array): number {
  return typeof payload === 'string' ? Buffer.byteLength(payload, 'utf8') : payload.length
}

function place(
  into: Buffer,
  at: number,
  kind: number,
  payload: string | Uint8Array,
  count: number,
): void {
  const isText = typeof payload === 'string'
  into[at] = isText ? kind | TEXT : kind
  into.writeUInt32LE(count, at + 4)
  if (isText) into.write(payload, at + HEAD_BYTES, 'utf8')
  else into.set(payload, at + HEAD_BYTES)
}
