// The bits of a connection: each its own, all in what V8 keeps as a small integer.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Bit } from '../../src/connection/bits.ts'

test('no bit means two things', () => {
  let taken = 0
  for (const [name, mask] of Object.entries(Bit)) {
    assert.ok(mask > 0, name)
    assert.equal(taken & mask, 0, name)
    taken |= mask
  }
})

test('the state is the lowest two bits, and all fit in a small integer', () => {
  assert.equal(Bit.STATE, 0b11)
  // V8: 31 bits with pointer compression, one of them the sign.
  for (const [name, mask] of Object.entries(Bit)) assert.ok(mask < 2 ** 30, name)
})
