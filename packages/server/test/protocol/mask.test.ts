import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { applyMask } from '../../src/protocol/mask.ts'

/** RFC 6455 §5.3 word for word: octet i of the payload is XORed with octet i modulo 4 of the key. */
function naive(bytes: Uint8Array, start: number, end: number, key: number[], phase: number): void {
  for (let i = start; i < end; i++) bytes[i] = bytes[i]! ^ key[(i - start + phase) % 4]!
}

function pack(key: readonly number[]): number {
  return key[0]! | (key[1]! << 8) | (key[2]! << 16) | (key[3]! << 24)
}

const octet = fc.integer({ min: 0, max: 255 })
const keys = fc.array(octet, { minLength: 4, maxLength: 4 })
const cases = fc.record({
  key: keys,
  phase: fc.nat(1000),
  byteOffset: fc.nat(9),
  before: fc.nat(9),
  length: fc.oneof(fc.nat(24), fc.integer({ min: 180, max: 210 }), fc.nat(2000)),
  behind: fc.nat(9),
})

/** A view at `byteOffset` of its memory, filled with octets that differ from their neighbours. */
function view(byteOffset: number, length: number): Uint8Array {
  const memory = new Uint8Array(byteOffset + length + 8)
  for (let i = 0; i < memory.length; i++) memory[i] = (i * 37 + 11) & 255
  return memory.subarray(byteOffset, byteOffset + length)
}

test('RFC 6455 §5.3: any start, phase, alignment and length gives what the RFC says, and nothing around it changes', () => {
  fc.assert(
    fc.property(cases, ({ key, phase, byteOffset, before, length, behind }) => {
      const bytes = view(byteOffset, before + length + behind)
      const whole = new Uint8Array(bytes.buffer)
      const expected = whole.slice()
      const start = byteOffset + before
      naive(expected, start, start + length, key, phase)
      applyMask(bytes, before, before + length, pack(key), phase)
      assert.deepEqual(whole, expected)
    }),
    { numRuns: 3000 },
  )
})

test('RFC 6455 §5.3: every length about the border of the wide path, at every alignment and phase', () => {
  const key = [0x12, 0xf4, 0x80, 0xc7]
  for (let length = 185; length <= 200; length++) {
    for (let byteOffset = 0; byteOffset < 4; byteOffset++) {
      for (let start = 0; start < 4; start++) {
        for (let phase = 0; phase < 4; phase++) {
          const bytes = view(byteOffset, start + length + 3)
          const expected = bytes.slice()
          naive(expected, start, start + length, key, phase)
          applyMask(bytes, start, start + length, pack(key), phase)
          assert.deepEqual(bytes, expected)
        }
      }
    }
  }
})

test('RFC 6455 §5.3: masking twice is the identity', () => {
  fc.assert(
    fc.property(cases, ({ key, phase, byteOffset, before, length, behind }) => {
      const bytes = view(byteOffset, before + length + behind)
      const original = bytes.slice()
      applyMask(bytes, before, before + length, pack(key), phase)
      applyMask(bytes, before, before + length, pack(key), phase)
      assert.deepEqual(bytes, original)
    }),
  )
})

test('RFC 6455 §5.3: a payload in pieces, each with its phase, gives the whole', () => {
  fc.assert(
    fc.property(cases, fc.array(fc.nat(2000)), ({ key, byteOffset, length }, seeds) => {
      const bytes = view(byteOffset, length)
      const expected = bytes.slice()
      naive(expected, 0, length, key, 0)
      const ends = seeds.map((seed) => seed % (length + 1)).sort((a, b) => a - b)
      let from = 0
      for (const end of [...ends, length]) {
        applyMask(bytes, from, end, pack(key), from)
        from = end
      }
      assert.deepEqual(bytes, expected)
    }),
  )
})

test('RFC 6455 §5.3: a key of zeros leaves the bytes as they are', () => {
  const bytes = view(1, 400)
  const original = bytes.slice()
  applyMask(bytes, 0, 400, 0, 3)
  assert.deepEqual(bytes, original)
})
