import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Bits } from '../bits.ts'

test('a set of numbers, through text and back', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5_000)), fc.array(fc.nat(5_000)), (some, others) => {
      const set = new Bits()
      const seen = new Set<number>()
      for (const id of some) {
        assert.equal(set.add(id), !seen.has(id))
        seen.add(id)
      }
      const other = new Bits()
      for (const id of others) other.add(id)
      const read = Bits.from(set.toString())
      assert.equal(read.size, seen.size)
      for (const id of seen) assert.ok(read.has(id))
      const missing = [...seen].filter((id) => !others.includes(id))
      assert.equal(read.without(other), missing.length)
    }),
  )
})
