import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { Opcode } from '../../src/protocol/frame.ts'
import {
  giveMessageMemory,
  takeMessageMemory,
  trimMessageMemory,
} from '../../src/protocol/message-memory.ts'
import { Reading, Stage } from '../../src/protocol/reading.ts'
import { UTF8_COMPLETE } from '../../src/protocol/utf8.ts'
import { hex, unhex } from './recording-sink.ts'

const bound = 1024 * 1024

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + 3) & 255)
}

describe('A new reading', () => {
  test('is between frames and of no message, and has taken no memory for either', () => {
    const reading = new Reading()
    assert.equal(reading.stage, Stage.BETWEEN_FRAMES)
    assert.equal(reading.opcode, 0)
    assert.equal(reading.header, null)
    assert.equal(reading.control, null)
    assert.equal(reading.data.length, 0)
  })

  test('shares no memory with another one', () => {
    const [one, other] = [new Reading(), new Reading()]
    one.beginFrame(Opcode.BINARY, false, 3, 0)
    one.addData(unhex('010203'), 0, 3, bound)
    assert.equal(other.data.length, 0)
    other.beginFrame(Opcode.BINARY, false, 3, 0)
    other.addData(unhex('0a0b0c'), 0, 3, bound)
    assert.equal(hex(one.data, 0, 3), '010203')
  })
})

describe('A header in the making (RFC 6455 §5.2)', () => {
  test('is a copy of the octets that came, with room for the longest one', () => {
    const bytes = unhex('ffff 82fe ff')
    const reading = new Reading()
    reading.beginHeader(bytes, 2, 4)
    bytes.fill(0)
    assert.equal(reading.stage, Stage.IN_HEADER)
    assert.equal(reading.headerLength, 2)
    assert.equal(hex(reading.header!), `82fe${'00'.repeat(12)}`)
  })

  test('is let go when its frame begins', () => {
    const reading = new Reading()
    reading.beginHeader(unhex('82'), 0, 1)
    reading.beginFrame(Opcode.BINARY, true, 5, 0x01020304)
    assert.equal(reading.header, null)
    assert.deepEqual(
      [reading.frameOpcode, reading.frameFinal, reading.remaining, reading.key, reading.phase],
      [Opcode.BINARY, true, 5, 0x01020304, 0],
    )
  })
})

describe('A control payload in the making (RFC 6455 §5.5)', () => {
  test('is gathered beside the message that it stands in', () => {
    const reading = new Reading()
    reading.beginMessage(Opcode.BINARY, false)
    reading.beginFrame(Opcode.BINARY, false, 2, 0)
    reading.addData(unhex('0102'), 0, 2, bound)
    reading.beginFrame(Opcode.PING, true, 4, 0)
    reading.addControl(unhex('ff0a0bff'), 1, 3)
    assert.equal(reading.remaining, 2)
    reading.addControl(unhex('0c0d'), 0, 2)
    assert.equal(reading.remaining, 0)
    assert.equal(hex(reading.control!, 0, reading.controlLength), '0a0b0c0d')
    assert.equal(hex(reading.data, 0, reading.length), '0102')
    assert.equal(reading.opcode, Opcode.BINARY)
  })

  test('begins anew with each frame', () => {
    const reading = new Reading()
    reading.beginFrame(Opcode.PING, true, 1, 0)
    reading.addControl(unhex('01'), 0, 1)
    reading.beginFrame(Opcode.PONG, true, 125, 0)
    reading.addControl(pattern(125), 0, 125)
    assert.equal(hex(reading.control!, 0, reading.controlLength), hex(pattern(125)))
  })
})

describe('A message in the making (RFC 6455 §5.4)', () => {
  /** Adds fragments of `size` bytes and returns how often the buffer was replaced. */
  function addFragments(reading: Reading, bytes: Uint8Array, size: number): number {
    let replaced = 0
    for (let at = 0; at < bytes.length; at += size) {
      const end = Math.min(at + size, bytes.length)
      reading.beginFrame(Opcode.CONTINUATION, false, end - at, 0)
      const { data } = reading
      reading.addData(bytes, at, end, bound)
      if (reading.data !== data) replaced++
      assert.equal(reading.length, end)
      assert.equal(reading.remaining, 0)
      if (reading.data.length > Math.max(128, 2 * end)) {
        assert.fail(`${reading.data.length} bytes for ${end}`)
      }
    }
    return replaced
  }

  for (const size of [1, 2, 31, 32, 33, 100, 129, 5000]) {
    test(`fragments of ${size} bytes: in order, within twice the payload, seldom moved`, () => {
      const bytes = pattern(16_000)
      const reading = new Reading()
      const replaced = addFragments(reading, bytes, size)
      assert.equal(hex(reading.data, 0, reading.length), hex(bytes))
      // Doubling from 128: work in proportion to the payload, whatever the fragments.
      assert.ok(replaced <= 8, `moved ${replaced} times`)
    })
  }

  test('a declared length takes no memory: only what arrives does', () => {
    const reading = new Reading()
    reading.beginFrame(Opcode.BINARY, true, bound, 0)
    reading.addData(pattern(10), 0, 10, bound)
    assert.ok(reading.data.length <= 128)
    assert.equal(reading.remaining, bound - 10)
  })

  test('the buffer never passes the limit of the message', () => {
    const reading = new Reading()
    reading.beginFrame(Opcode.BINARY, false, 1000, 0)
    reading.addData(pattern(600), 0, 600, 1000)
    reading.addData(pattern(1), 0, 1, 1000)
    assert.equal(reading.data.length, 1000)
  })

  test('the buffer never passes what the last frame says will come', () => {
    const reading = new Reading()
    reading.beginFrame(Opcode.BINARY, true, 700, 0)
    reading.addData(pattern(10), 0, 10, bound)
    reading.addData(pattern(500), 0, 500, bound)
    reading.addData(pattern(190), 0, 190, bound)
    assert.equal(reading.data.length, 700)
    assert.equal(reading.remaining, 0)
  })

  test('what is added is a copy', () => {
    for (const size of [8, 64]) {
      const bytes = pattern(size)
      const reading = new Reading()
      reading.beginFrame(Opcode.BINARY, true, size, 0)
      reading.addData(bytes, 0, size, bound)
      bytes.fill(0)
      assert.equal(hex(reading.data, 0, size), hex(pattern(size)))
    }
  })
})

describe('The memory of large messages', () => {
  const kept = (bytes: number): Buffer => {
    const memory = Buffer.allocUnsafeSlow(bytes)
    giveMessageMemory(memory)
    return memory
  }

  afterEach(trimMessageMemory)

  test('is taken at once for a frame whose length ends the message', () => {
    const memory = kept(100_000)
    const reading = new Reading()
    reading.beginFrame(Opcode.BINARY, true, 90_000, 0)
    reading.addData(pattern(10), 0, 10, bound)
    assert.equal(reading.data, memory)
    reading.addData(pattern(89_990), 0, 89_990, bound)
    assert.equal(reading.data, memory)
    assert.equal(hex(reading.data, 0, 10), hex(pattern(10)))
    assert.equal(hex(reading.data, 10, 90_000), hex(pattern(89_990)))
  })

  test('is not taken where nobody knows how long the message will be, nor for what came before', () => {
    kept(100_000)
    const reading = new Reading()
    reading.beginFrame(Opcode.BINARY, false, 90_000, 0)
    reading.addData(pattern(100), 0, 100, bound)
    assert.ok(reading.data.length <= 128)
    reading.addData(pattern(89_900), 0, 89_900, bound)
    reading.beginFrame(Opcode.CONTINUATION, true, 90_000, 0)
    reading.addData(pattern(90_000), 0, 90_000, bound)
    assert.equal(hex(reading.data, 0, 100), hex(pattern(100)))
    assert.equal(hex(reading.data, 90_000, 180_000), hex(pattern(90_000)))
    assert.notEqual(takeMessageMemory(100_000), null)
  })

  test('goes back behind a message that was delivered, once', () => {
    const memory = kept(100_000)
    const reading = new Reading()
    reading.beginFrame(Opcode.BINARY, true, 100_000, 0)
    reading.addData(pattern(100_000), 0, 100_000, bound)
    assert.equal(takeMessageMemory(100_000), null)
    reading.delivered()
    reading.delivered()
    assert.equal(reading.data.length, 0)
    assert.equal(takeMessageMemory(100_000), memory)
    assert.equal(takeMessageMemory(100_000), null)
  })

  test('that is released is kept for nobody', () => {
    kept(100_000)
    const reading = new Reading()
    reading.beginFrame(Opcode.BINARY, true, 100_000, 0)
    reading.addData(pattern(100), 0, 100, bound)
    const { data } = reading
    reading.release()
    reading.delivered()
    assert.deepEqual([data.length, reading.data.length], [0, 0])
    assert.equal(takeMessageMemory(100_000), null)
  })
})

describe('The UTF-8 check (RFC 6455 §8.1)', () => {
  const begun = (opcode: Opcode, compressed: boolean): Reading => {
    const reading = new Reading()
    reading.beginMessage(opcode, compressed)
    return reading
  }

  test('goes on from part to part of a text', () => {
    const reading = begun(Opcode.TEXT, false)
    assert.equal(reading.checkUtf8(unhex('61e282'), 0, 3), true)
    assert.notEqual(reading.utf8, UTF8_COMPLETE)
    assert.equal(reading.checkUtf8(unhex('ffacff'), 1, 2), true)
    assert.equal(reading.utf8, UTF8_COMPLETE)
    assert.equal(reading.checkUtf8(unhex('80'), 0, 1), false)
  })

  test('leaves binary messages and compressed ones alone', () => {
    assert.equal(begun(Opcode.BINARY, false).checkUtf8(unhex('ff'), 0, 1), true)
    assert.equal(begun(Opcode.TEXT, true).checkUtf8(unhex('ff'), 0, 1), true)
  })
})
