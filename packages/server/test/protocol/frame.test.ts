import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { MAX_REASON_BYTES } from '../../src/protocol/close-code.ts'
import {
  closePayload,
  encodeFrame,
  headerBytes,
  MAX_CONTROL_BYTES,
  MAX_HEADER_BYTES,
  Opcode,
  writeHeader,
} from '../../src/protocol/frame.ts'
import { rawFrame, readRawFrame } from './raw-frame.ts'
import { hex, unhex } from './recording-sink.ts'

describe('RFC 6455 §5.2: the header is the shortest for every length', () => {
  const headers: [number, string][] = [
    [0, '82 00'],
    [1, '82 01'],
    [125, '82 7d'],
    [126, '82 7e 007e'],
    [127, '82 7e 007f'],
    [255, '82 7e 00ff'],
    [256, '82 7e 0100'],
    [65_535, '82 7e ffff'],
    [65_536, '82 7f 0000000000010000'],
    [16_777_216, '82 7f 0000000001000000'],
    [0x7fff_ffff, '82 7f 000000007fffffff'],
    [0xffff_ffff, '82 7f 00000000ffffffff'],
    [0x1_0000_0000, '82 7f 0000000100000000'],
    [0x12_3456_789a, '82 7f 000000123456789a'],
    [Number.MAX_SAFE_INTEGER, '82 7f 001fffffffffffff'],
  ]
  for (const [length, expected] of headers) {
    test(`${length} bytes`, () => {
      const bytes = unhex(expected)
      assert.equal(headerBytes(length), bytes.length)
      const target = new Uint8Array(20).fill(0xee)
      assert.equal(writeHeader(target, 3, Opcode.BINARY, length), 3 + bytes.length)
      const written = new Uint8Array(20).fill(0xee)
      written.set(bytes, 3)
      assert.equal(hex(target), hex(written))
    })
  }
})

test('RFC 6455 §5.2: opcodes have their numbers, and FIN is set', () => {
  const numbers = { CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 }
  assert.deepEqual({ ...Opcode }, numbers)
  for (const opcode of Object.values(Opcode)) {
    const target = new Uint8Array(2)
    writeHeader(target, 0, opcode, 0)
    assert.equal(hex(target), hex(Uint8Array.of(0x80 + opcode, 0)))
  }
})

test('RFC 7692 §6: a compressed message has RSV1 set', () => {
  const target = new Uint8Array(2)
  writeHeader(target, 0, Opcode.TEXT, 5, true)
  assert.equal(hex(target), 'c105')
  writeHeader(target, 0, Opcode.TEXT, 5, false)
  assert.equal(hex(target), '8105')
})

const masks = fc.option(fc.uint8Array({ minLength: 4, maxLength: 4 }))
const lengths = fc.oneof(
  fc.nat(300),
  fc.constantFrom(0, 125, 126, 127, 65_535, 65_536, 65_537, 100_000),
)

test('RFC 6455 §5.2, §5.3: an encoded frame says to another decoder what went in, in no byte too many', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(Opcode)),
      lengths,
      fc.boolean(),
      fc.boolean(),
      masks,
      (opcode, length, final, compressed, mask) => {
        const payload = Uint8Array.from({ length }, (_, index) => (index * 31 + length) & 255)
        const original = payload.slice()
        const bytes = encodeFrame({ opcode, payload, final, compressed, ...(mask && { mask }) })
        const frame = readRawFrame(bytes)
        assert.equal(frame.opcode, opcode)
        assert.equal(frame.final, final)
        assert.equal(frame.reserved, compressed ? 4 : 0)
        assert.deepEqual(frame.mask, mask)
        assert.equal(hex(frame.payload), hex(original))
        assert.equal(frame.headerLength, headerBytes(length) + (mask ? 4 : 0))
        assert.ok(frame.headerLength <= MAX_HEADER_BYTES)
        assert.deepEqual(payload, original, 'the payload that was given stays as it was')
        const naive = rawFrame({ opcode, payload, final, reserved: compressed ? 4 : 0, mask })
        assert.equal(hex(bytes), hex(naive))
      },
    ),
    { numRuns: 400 },
  )
})

test('RFC 6455 §5.7: the examples', () => {
  const hello = unhex('48656c6c6f')
  const text = Opcode.TEXT
  assert.equal(hex(encodeFrame({ opcode: text, payload: hello })), '810548656c6c6f')
  const mask = unhex('37fa213d')
  assert.equal(hex(encodeFrame({ opcode: text, payload: hello, mask })), '818537fa213d7f9f4d5158')
  const hel = encodeFrame({ opcode: text, payload: unhex('48656c'), final: false })
  assert.equal(hex(hel), '010348656c')
  const lo = encodeFrame({ opcode: Opcode.CONTINUATION, payload: unhex('6c6f') })
  assert.equal(hex(lo), '80026c6f')
  assert.equal(hex(encodeFrame({ opcode: Opcode.PING, payload: hello })), '890548656c6c6f')
})

describe('RFC 6455 §5.5.1: the payload of a close frame', () => {
  test('is empty without a code', () => {
    assert.equal(closePayload().length, 0)
    assert.equal(closePayload(undefined, 'not sent').length, 0)
  })

  test('is the code in network byte order and the reason in UTF-8', () => {
    assert.equal(hex(closePayload(1000)), '03e8')
    assert.equal(hex(closePayload(4999, 'ä€')), '1387c3a4e282ac')
  })

  test('fits a control frame with the longest reason', () => {
    assert.equal(closePayload(1000, 'x'.repeat(MAX_REASON_BYTES)).length, MAX_CONTROL_BYTES)
    assert.equal(MAX_CONTROL_BYTES, 125)
  })
})
