import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { continueUtf8, isValidUtf8, UTF8_COMPLETE, UTF8_INVALID } from '../../src/protocol/utf8.ts'
import { hex } from './recording-sink.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** An independent check. */
function isText(bytes: Uint8Array): boolean {
  try {
    decoder.decode(bytes)
    return true
  } catch {
    return false
  }
}

/** What some character begins with and is more than: one character of each 64 shows all of them. */
const beginnings = new Set<string>()
for (let point = 0x80; point <= 0x10_ffff; point += 64) {
  if (point >= 0xd800 && point <= 0xdfff) continue
  const bytes = new TextEncoder().encode(String.fromCodePoint(point))
  for (let length = 1; length < bytes.length; length++) beginnings.add(hex(bytes, 0, length))
}

/** Whether some suffix, the empty one too, makes `bytes` a text. */
function isMendable(bytes: Uint8Array): boolean {
  if (isText(bytes)) return true
  for (const length of [1, 2, 3]) {
    const border = bytes.length - length
    if (border < 0 || !beginnings.has(hex(bytes, border))) continue
    if (isText(bytes.subarray(0, border))) return true
  }
  return false
}

/** How many octets come before the first one that no continuation could mend; the length when there is none. */
function firstBad(bytes: Uint8Array): number {
  let good = 0
  while (good < bytes.length && isMendable(bytes.subarray(0, good + 1))) good++
  return good
}

/** The same of `continueUtf8`, fed octet by octet; says too whether it is complete behind the last one. */
function fedOctetByOctet(bytes: Uint8Array): { good: number; complete: boolean } {
  let state = UTF8_COMPLETE
  for (let i = 0; i < bytes.length; i++) {
    state = continueUtf8(state, bytes, i, i + 1)
    if (state === UTF8_INVALID) return { good: i, complete: false }
  }
  return { good: bytes.length, complete: state === UTF8_COMPLETE }
}

function checkAgainstOracle(bytes: Uint8Array): void {
  const valid = isText(bytes)
  const name = hex(bytes)
  if (isValidUtf8(bytes, 0, bytes.length) !== valid) assert.fail(`isValidUtf8 of ${name}`)
  const { good, complete } = fedOctetByOctet(bytes)
  if (complete !== valid) assert.fail(`continueUtf8 of ${name}`)
  if (good !== (valid ? bytes.length : firstBad(bytes))) assert.fail(`first bad octet of ${name}`)
}

/** The borders of every range in the table of RFC 3629 §4, and what lies next to them. */
const borders = [
  0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
  0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff,
]

test('RFC 3629 §4: every sequence of one octet and of two', () => {
  for (let first = 0; first < 256; first++) {
    checkAgainstOracle(Uint8Array.of(first))
    for (let second = 0; second < 256; second++) checkAgainstOracle(Uint8Array.of(first, second))
  }
})

test('RFC 3629 §4: sequences of three octets, by the borders of the ranges', () => {
  for (const first of borders) {
    for (const second of borders) {
      for (const third of borders) checkAgainstOracle(Uint8Array.of(first, second, third))
    }
  }
})

test('RFC 3629 §4: sequences of four octets, by the borders of the ranges', () => {
  const continuations = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0]
  for (const first of [0xe0, 0xed, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff]) {
    for (const second of continuations) {
      for (const third of continuations) {
        for (const fourth of continuations) {
          checkAgainstOracle(Uint8Array.of(first, second, third, fourth))
        }
      }
    }
  }
})

test('RFC 3629 §3: every character is valid, also across the border between short and long checks', () => {
  for (let point = 0; point <= 0x10_ffff; point += point < 0x1000 ? 1 : 61) {
    if (point >= 0xd800 && point <= 0xdfff) continue
    const bytes = new TextEncoder().encode(String.fromCodePoint(point))
    if (!isValidUtf8(bytes, 0, bytes.length)) assert.fail(`U+${point.toString(16)}`)
    if (!fedOctetByOctet(bytes).complete) assert.fail(`U+${point.toString(16)} in pieces`)
  }
})

/** Texts with now and then an octet that does not belong. */
const nearlyText = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
      { weight: 2, arbitrary: fc.string({ minLength: 30, maxLength: 70, size: 'max' }) },
      { weight: 1, arbitrary: fc.constantFrom(...borders) },
    ),
    { maxLength: 12 },
  )
  .map((parts) =>
    Uint8Array.from(
      parts.flatMap((part) =>
        typeof part === 'string' ? [...new TextEncoder().encode(part)] : [part],
      ),
    ),
  )

test('RFC 3629 §4: random texts and texts with foreign octets, anywhere in a buffer', () => {
  fc.assert(
    fc.property(nearlyText, fc.nat(70), fc.nat(5), (bytes, before, behind) => {
      // What lies around the range is no text and must not matter.
      const buffer = new Uint8Array(before + bytes.length + behind).fill(0xff)
      buffer.set(bytes, before)
      assert.equal(isValidUtf8(buffer, before, before + bytes.length), isText(bytes))
    }),
    { numRuns: 2000 },
  )
})

test('RFC 6455 §8.1: any split gives the same verdict, in the piece with the first octet that is wrong', () => {
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 })
  fc.assert(
    fc.property(nearlyText, cuts, fc.nat(9), (bytes, seeds, before) => {
      const buffer = new Uint8Array(before + bytes.length + 9).fill(0xff)
      buffer.set(bytes, before)
      const good = firstBad(bytes)
      const ends = seeds.map((seed) => Math.floor(seed * bytes.length)).sort((a, b) => a - b)
      let state = UTF8_COMPLETE
      let from = 0
      for (const end of [...ends, bytes.length]) {
        state = continueUtf8(state, buffer, before + from, before + end)
        assert.equal(state === UTF8_INVALID, good < end, `the piece ${from} to ${end}`)
        if (state === UTF8_INVALID) return
        assert.equal(state === UTF8_COMPLETE, isText(bytes.subarray(0, end)))
        from = end
      }
    }),
    { numRuns: 3000 },
  )
})

test('RFC 6455 §8.1: a long piece may end within a character of any length, at any octet', () => {
  for (const character of ['é', '€', '\u{1f600}']) {
    const bytes = new TextEncoder().encode(`${'x'.repeat(100)}${character}`)
    for (let length = 100; length <= bytes.length; length++) {
      const state = continueUtf8(UTF8_COMPLETE, bytes, 0, length)
      assert.notEqual(state, UTF8_INVALID)
      assert.equal(state === UTF8_COMPLETE, length === 100 || length === bytes.length)
      assert.equal(continueUtf8(state, bytes, length, bytes.length), UTF8_COMPLETE)
    }
  }
})

test('RFC 6455 §8.1: a long piece that ends in too many continuation octets is refused', () => {
  const bytes = new Uint8Array(100).fill(0x61)
  for (const count of [1, 2, 3, 4, 5]) {
    bytes.fill(0x80, 100 - count)
    assert.equal(continueUtf8(UTF8_COMPLETE, bytes, 0, 100), UTF8_INVALID)
  }
})
