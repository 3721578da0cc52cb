// Bits that overlap would make one state another.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CellBit, GONE, NOT_IDLE, OCCUPIED } from '../../../src/models/actors/cell-bits.ts'

test('each state is one bit of its own', () => {
  let all = 0
  for (const [name, bit] of Object.entries(CellBit)) {
    assert.equal(bit & (bit - 1), 0, name)
    assert.equal(all & bit, 0, name)
    all |= bit
  }
})

test('who is gone is occupied, who traps exits may be idle, and nobody else', () => {
  assert.equal(GONE & OCCUPIED, GONE)
  for (const [name, bit] of Object.entries(CellBit)) {
    assert.equal((bit & NOT_IDLE) === 0, name === 'TRAPPING', name)
  }
})
