// How completions are told apart.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { generationOf, Kind, kindOf, tagOf } from '../../../src/engines/uring/operations.ts'

const kinds = Object.values(Kind)

test('a tag tells its kind and its generation, also when it comes back as a signed number', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      fc.integer({ min: 0, max: 0xffff }),
      fc.integer({ min: 0, max: 0x7fff_ffff }),
      (kind, generation, slot) => {
        const tag = tagOf(kind, generation)
        assert.deepEqual([kindOf(tag | 0), generationOf(tag | 0)], [kind, generation])
        // As which a cancellation names it.
        const whole = tag * 0x1_0000_0000 + slot
        assert.ok(Number.isSafeInteger(whole))
        assert.deepEqual([Math.floor(whole / 0x1_0000_0000), whole % 0x1_0000_0000], [tag, slot])
      },
    ),
  )
})

test('every kind has a number of its own that fits', () => {
  assert.equal(new Set(kinds).size, kinds.length)
  for (const kind of kinds) assert.ok(kind > 0 && kind < 16)
})
