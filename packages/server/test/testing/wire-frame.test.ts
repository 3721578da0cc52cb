// The test kit's frames against the octets of RFC 6455 §5.7 and against protocol/.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeFrame, Opcode } from '../../src/protocol/frame.ts'
import { wireClosePayload, wireFrame, WireFrameReader } from '../../src/testing/wire-frame.ts'

test('the examples of RFC 6455 §5.7', () => {
  const hello = Buffer.from('810548656c6c6f', 'hex')
  assert.deepEqual(Buffer.from(wireFrame(1, 'Hello', { mask: null })), hello)
  const masked = Buffer.from('818537fa213d7f9f4d5158', 'hex')
  assert.deepEqual(Buffer.from(wireFrame(1, 'Hello')), masked)
  const parts = [
    wireFrame(1, 'Hel', { mask: null, final: false }),
    wireFrame(0, 'lo', { mask: null }),
  ]
  assert.equal(Buffer.concat(parts).toString('hex'), '010348656c80026c6f')
  const long = wireFrame(2, new Uint8Array(65_536), { mask: null })
  assert.equal(Buffer.from(long.subarray(0, 10)).toString('hex'), '827f0000000000010000')
})

test('what is written is read back, in any chunks', () => {
  const frame = fc.record({
    opcode: fc.nat(15),
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom(new Uint8Array(65_535), new Uint8Array(65_536)),
    ),
    final: fc.boolean(),
    rsv1: fc.boolean(),
    otherReservedBits: fc.nat(3),
    mask: fc.option(fc.uint8Array({ minLength: 4, maxLength: 4 })),
  })
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 5 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 5_000 })),
      (frames, sizes) => {
        const bytes = Buffer.concat(
          frames.map(({ opcode, payload, ...rest }) => wireFrame(opcode, payload, rest)),
        )
        const reader = new WireFrameReader()
        const read = []
        for (let at = 0; at < bytes.length;) {
          const end = at + (sizes.next().value as number)
          read.push(...reader.push(bytes.subarray(at, end)))
          at = end
        }
        const expected = frames.map(({ mask, ...rest }) => ({ ...rest, masked: mask !== null }))
        assert.deepEqual(
          read.map((f) => ({ ...f })),
          expected.map((f) => ({ ...f, payload: Uint8Array.from(f.payload) })),
        )
        assert.equal(reader.restBytes, 0)
      },
    ),
  )
})

test('the two codecs of the repository agree', () => {
  const mask = Uint8Array.of(9, 8, 7, 6)
  for (const length of [0, 1, 125, 126, 65_535, 65_536]) {
    const payload = Uint8Array.from({ length }, (_, i) => i)
    for (const options of [{ mask }, { mask: null }]) {
      const other = encodeFrame({
        opcode: Opcode.BINARY,
        payload,
        ...(options.mask !== null && { mask: options.mask }),
      })
      assert.ok(Buffer.from(wireFrame(2, payload, options)).equals(other))
    }
  }
})

test('a close payload is a code and a reason', () => {
  assert.equal(Buffer.from(wireClosePayload(1000, 'é')).toString('hex'), '03e8c3a9')
})
