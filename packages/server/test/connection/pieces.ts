// Bytes as pieces of slabs, and back. Each piece lies somewhere inside its slab, between bytes that nobody sent.

import { Slab } from '../../src/connection/slab.ts'
import type { Piece } from '../../src/connection/slab.ts'
import { ONLY_LINE } from '../../src/connection/transport.ts'
import type { Transport } from '../../src/connection/transport.ts'

const BEFORE_BYTES = 5
const BEHIND_BYTES = 65

export function piece(content: Uint8Array | string): Piece {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const end = BEFORE_BYTES + bytes.length
  const slab = new Slab(end + BEHIND_BYTES)
  slab.bytes.fill(0xee)
  slab.bytes.set(bytes, BEFORE_BYTES)
  return { slab, start: BEFORE_BYTES, end }
}

export function bytesOf({ slab, start, end }: Piece): Buffer {
  return slab.bytes.subarray(start, end)
}

/** `write` of the bytes, as a piece of some slab. */
export function writeTo(transport: Transport, content: Uint8Array | string): boolean {
  const { slab, start, end } = piece(content)
  return transport.write(ONLY_LINE, slab, start, end)
}

/** `writeAll` of the bytes, each as a piece of a slab of its own. */
export function writeAllTo(
  transport: Transport,
  ...contents: readonly (Uint8Array | string)[]
): boolean {
  return transport.writeAll(ONLY_LINE, contents.map(piece))
}
