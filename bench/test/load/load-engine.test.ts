import assert from 'node:assert/strict'
import { test } from 'node:test'
import { repeated, usefulRepeats } from '../../src/load/load-engine.ts'

test('a frame is repeated as it is, in memory of more than 64 bytes', () => {
  const bytes = repeated(Uint8Array.of(1, 2, 3), 4)
  assert.ok(bytes.buffer.byteLength > 64)
  assert.equal(bytes.toString('hex', 0, 12), '010203010203010203010203')
})

test('small frames are repeated more often than large ones, none less than once', () => {
  assert.deepEqual([26, 16_000, 262_144, 1_000_000].map(usefulRepeats), [64, 16, 1, 1])
})
