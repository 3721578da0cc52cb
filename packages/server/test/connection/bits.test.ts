// The bits of a connection: each its own, all in what V8 keeps as a small integer.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Bit, WHEEL_SHIFT } from '../../src/connection/bits.ts'

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

test("the timing wheel's slot lies where its bits are, and has room for each and for none", () => {
  const most = Bit.WHEEL_SLOT >>> WHEEL_SHIFT
  assert.equal((most << WHEEL_SHIFT) >>> 0, Bit.WHEEL_SLOT)
  assert.ok(most > 256)
})
