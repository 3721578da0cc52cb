// XOR masking (RFC 6455 §5.3), in place. The same function masks and unmasks.

import { wideMaskOf } from './wide-memory.ts'
import type { WideMask } from './wide-memory.ts'

/** From how many bytes a 32-bit view is worth its allocation (`npm run bench`: 20 B against 1 KiB echoes). */
const WIDE_FROM_BYTES = 192

/** From how many bytes wide memory is worth the call into WebAssembly. */
const CALL_FROM_BYTES = 32

/**
 * XORs `bytes[start, end)` in place with a four-byte key.
 *
 * @param key - the key's bytes k0..k3 as `k0 | k1 << 8 | k2 << 16 | k3 << 24`
 * @param phase - how many payload bytes of this frame came before `start`
 */
export function applyMask(
  bytes: Uint8Array,
  start: number,
  end: number,
  key: number,
  phase: number,
): void {
  if (key === 0) return
  const rotated = rotateKey(key, phase)
  if (end - start < CALL_FROM_BYTES) {
    applyMaskNarrow(bytes, start, end, rotated)
    return
  }
  const wide = maskFor(bytes)
  if (wide !== null) wide(bytes.byteOffset + start, bytes.byteOffset + end, rotated)
  else if (end - start < WIDE_FROM_BYTES) applyMaskNarrow(bytes, start, end, rotated)
  else applyMaskWide(bytes, start, end, rotated)
}

// The memory that an engine receives into is nearly always the same, and `buffer` of a typed array a call into V8.
let maskedBytes: Uint8Array | null = null
let maskOfBytes: WideMask | null = null

function maskFor(bytes: Uint8Array): WideMask | null {
  if (bytes !== maskedBytes) {
    const mask = wideMaskOf(bytes.buffer)
    // Only of wide memory: other memory would be kept alive for nothing.
    if (mask === null) return null
    maskedBytes = bytes
    maskOfBytes = mask
  }
  return maskOfBytes
}

/** The key as it applies when `phase` bytes of the payload have already gone by. */
function rotateKey(key: number, phase: number): number {
  const bits = (phase & 3) << 3
  return bits === 0 ? key : (key >>> bits) | (key << (32 - bits))
}

function applyMaskNarrow(bytes: Uint8Array, start: number, end: number, key: number): void {
  const k0 = key & 255
  const k1 = (key >>> 8) & 255
  const k2 = (key >>> 16) & 255
  const k3 = key >>> 24
  let i = start
  for (const four = end - 3; i < four; i += 4) {
    bytes[i]! ^= k0
    bytes[i + 1]! ^= k1
    bytes[i + 2]! ^= k2
    bytes[i + 3]! ^= k3
  }
  if (i < end) bytes[i++]! ^= k0
  if (i < end) bytes[i++]! ^= k1
  if (i < end) bytes[i]! ^= k2
}

const keyBytes = new Uint8Array(4)
const keyWord = new Int32Array(keyBytes.buffer)

function applyMaskWide(bytes: Uint8Array, start: number, end: number, key: number): void {
  // Up to the first address that a 32-bit view may begin at.
  const aligned = Math.min(end, start + (-(bytes.byteOffset + start) & 3))
  applyMaskNarrow(bytes, start, aligned, key)
  const rest = rotateKey(key, aligned - start)
  const count = (end - aligned) >>> 2
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + aligned, count)
  // Through bytes, so that the word has the machine's own byte order.
  keyBytes[0] = rest
  keyBytes[1] = rest >>> 8
  keyBytes[2] = rest >>> 16
  keyBytes[3] = rest >>> 24
  const word = keyWord[0]!
  for (let i = 0; i < count; i++) words[i]! ^= word
  applyMaskNarrow(bytes, aligned + (count << 2), end, rest)
}
