// The check of MessagePack before it is decoded: it agrees with the decoder on what is whole, and is not talked into
// making room.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, encode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { isWholeMessagePack } from '../../src/line/message-pack-check.ts'

test('what an encoder makes is whole; a part of it, or with a byte behind, is not', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(), (value, cut) => {
      const bytes = encode(value)
      assert.equal(isWholeMessagePack(bytes, 100), true)
      assert.equal(isWholeMessagePack(bytes.subarray(0, cut % bytes.length), 100), false)
      assert.equal(isWholeMessagePack(Uint8Array.of(...bytes, 0), 100), false)
    }),
    { verbose: true },
  )
})

test('every length of texts, bytes, lists and maps is read', () => {
  for (const length of [0, 1, 15, 16, 31, 32, 255, 256, 65_535, 65_536]) {
    for (const value of [
      'x'.repeat(length),
      new Uint8Array(length),
      Array.from({ length }, () => null),
      Object.fromEntries(Array.from({ length }, (_, i) => [String(i), i * 70_000])),
    ]) {
      assert.equal(isWholeMessagePack(encode(value), 2), true)
    }
  }
  for (const number of [0, 127, 128, 65_536, 2 ** 40, -1, -33, -40_000, -(2 ** 40), 1.5]) {
    assert.equal(isWholeMessagePack(encode(number), 0), true)
  }
})

test('any bytes: what is said to be whole is decoded, or its texts are not UTF-8', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      if (!isWholeMessagePack(bytes, 100)) return
      try {
        decode(bytes)
      } catch (error) {
        assert.doesNotMatch(String(error), /out of memory|Invalid array length|call stack/i)
      }
    }),
    { numRuns: 10_000, verbose: true },
  )
})

test('what announces more than it has is refused at once', () => {
  for (const bytes of [
    [0xdd, 0xff, 0xff, 0xff, 0xff],
    [0xdf, 0xff, 0xff, 0xff, 0xff],
    [0xdb, 0xff, 0xff, 0xff, 0xff],
    [0xc6, 0xff, 0xff, 0xff, 0xff, 1],
  ]) {
    assert.equal(isWholeMessagePack(Uint8Array.from(bytes), 100), false)
  }
})

test('extension types and the byte that is none are refused', () => {
  for (const head of [0xc1, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8]) {
    const bytes = new Uint8Array(40)
    bytes[0] = head
    assert.equal(isWholeMessagePack(bytes, 100), false)
  }
})

test('depth is bounded, and a million levels are no recursion', () => {
  const deep = new Uint8Array(1_000_000).fill(0x91)
  deep[deep.length - 1] = 0xc0
  assert.equal(isWholeMessagePack(deep, 66), false)
  assert.equal(isWholeMessagePack(deep, 2_000_000), true)
})
