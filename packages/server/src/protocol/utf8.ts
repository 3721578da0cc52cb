// UTF-8 checks (RFC 3629): of a whole range, and piece by piece, failing at the first octet that no valid
// continuation could mend.

import { isUtf8 } from 'node:buffer'

/** From how many bytes the native check is worth the view it needs. */
const NATIVE_FROM_BYTES = 48

/** Whether `bytes[start, end)` is complete, valid UTF-8. */
export function isValidUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let i = start
  if (end - start < NATIVE_FROM_BYTES) {
    while (i < end && bytes[i]! < 0x80) i++
    if (i === end) return true
  }
  return isUtf8(bytes.subarray(i, end))
}

/** The state between two characters, and the only one in which a text may end. */
export const UTF8_COMPLETE = 0
/** The state after an octet that cannot be. */
export const UTF8_INVALID = -1

/**
 * Feeds one octet. A state packs what may come next: how many continuation octets are missing (bits 0–1) and
 * the range of the next one (low bound in bits 8–15, high bound in bits 16–23).
 */
function step(state: number, octet: number): number {
  if (state === UTF8_COMPLETE) {
    if (octet < 0x80) return UTF8_COMPLETE
    if (octet < 0xc2 || octet > 0xf4) return UTF8_INVALID
    if (octet < 0xe0) return expect(1, 0x80, 0xbf)
    if (octet === 0xe0) return expect(2, 0xa0, 0xbf) // no overlong forms
    if (octet === 0xed) return expect(2, 0x80, 0x9f) // no surrogates
    if (octet < 0xf0) return expect(2, 0x80, 0xbf)
    if (octet === 0xf0) return expect(3, 0x90, 0xbf) // no overlong forms
    if (octet === 0xf4) return expect(3, 0x80, 0x8f) // nothing above U+10FFFF
    return expect(3, 0x80, 0xbf)
  }
  if (octet < ((state >>> 8) & 255) || octet > ((state >>> 16) & 255)) return UTF8_INVALID
  const missing = (state & 3) - 1
  return missing === 0 ? UTF8_COMPLETE : expect(missing, 0x80, 0xbf)
}

function expect(missing: number, low: number, high: number): number {
  return missing | (low << 8) | (high << 16)
}

/**
 * Feeds `bytes[start, end)` to a check that began in `state` (UTF8_COMPLETE at first) and returns the new
 * state; UTF8_INVALID as soon as an octet rules out that the text is UTF-8.
 */
export function continueUtf8(state: number, bytes: Uint8Array, start: number, end: number): number {
  let i = start
  while (state !== UTF8_COMPLETE && i < end) {
    state = step(state, bytes[i++]!)
    if (state === UTF8_INVALID) return state
  }
  // The bulk natively, up to the last character that may be cut off.
  if (end - i >= NATIVE_FROM_BYTES) {
    const border = lastBorder(bytes, i, end)
    if (!isUtf8(bytes.subarray(i, border))) return UTF8_INVALID
    i = border
  }
  while (i < end) {
    state = step(state, bytes[i++]!)
    if (state === UTF8_INVALID) return state
  }
  return state
}

/** The position of the last octet that begins a character; `end` when none of the last four does. */
function lastBorder(bytes: Uint8Array, start: number, end: number): number {
  const lowest = Math.max(start, end - 4)
  for (let i = end - 1; i >= lowest; i--) if ((bytes[i]! & 0xc0) !== 0x80) return i
  return end
}
