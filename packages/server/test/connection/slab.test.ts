// Memory that is sent from, and the pool of it: sizes, reuse, and what the pool does not keep.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { POOLED_BYTES, Slab, SlabPool } from '../../src/connection/slab.ts'

const MIB = 1_048_576

test('a slab has memory of its own, nobody reads from it, and it belongs to no pool', () => {
  for (const size of [65, 512, 4_000, 65_536]) {
    const slab = new Slab(size)
    // Of Node's shared pool a slab would be a part; its neighbours would be sent from too.
    assert.deepEqual([slab.bytes.byteOffset, slab.bytes.buffer.byteLength], [0, size])
    assert.deepEqual([slab.pins, slab.address, slab.isPooled], [0, 0, false])
  }
})

test('property: a slab is long enough, and by a quarter too long at most', () => {
  const pool = new SlabPool()
  fc.assert(
    fc.property(fc.integer({ min: 65, max: 5 * MIB }), fc.boolean(), (size, isGiven) => {
      const slab = pool.take(size)
      assert.ok(slab.bytes.length >= size && slab.bytes.length < 1.25 * size)
      if (isGiven) pool.give(slab)
    }),
  )
})

test('what was given is taken again, by who needs the same size after rounding up', () => {
  const pool = new SlabPool()
  const slab = pool.take(20_000)
  assert.deepEqual([slab.bytes.length, slab.isPooled], [20_480, true])
  pool.give(slab)
  assert.equal(slab.isPooled, false)
  assert.notEqual(pool.take(16_384), slab)
  assert.notEqual(pool.take(20_481), slab)
  assert.equal(pool.take(18_433), slab)
  assert.equal(slab.isPooled, true)
  assert.notEqual(pool.take(20_480), slab)
  pool.give(slab)
  assert.equal(pool.take(20_480), slab)
})

test('there are four sizes from each power of two to the next', () => {
  const pool = new SlabPool()
  const sizes = new Set<number>()
  for (let size = 16_384; size <= 65_536; size += 64) sizes.add(pool.take(size).bytes.length)
  const steps = [16, 20, 24, 28, 32, 40, 48, 56, 64]
  assert.deepEqual(
    [...sizes],
    steps.map((kibibytes) => kibibytes * 1_024),
  )
  for (const size of [16_384, 20_480, 65_536, MIB, 4 * MIB]) {
    assert.equal(pool.take(size).bytes.length, size)
  }
})

test('small and very large slabs are left to the collector, as are slabs of others', () => {
  const pool = new SlabPool()
  for (const size of [1_024, POOLED_BYTES - 1, 4 * MIB + 1]) {
    const slab = pool.take(size)
    assert.deepEqual([slab.bytes.length, slab.isPooled], [size, false])
    pool.give(slab)
    assert.notEqual(pool.take(size), slab)
  }
  const foreign = new Slab(32_768)
  pool.give(foreign)
  assert.notEqual(pool.take(32_768), foreign)
})

test('a slab that is given twice is taken once', () => {
  const pool = new SlabPool()
  const slab = pool.take(POOLED_BYTES)
  pool.give(slab)
  pool.give(slab)
  assert.equal(pool.take(POOLED_BYTES), slab)
  assert.notEqual(pool.take(POOLED_BYTES), slab)
})

/** How many of the slabs the pool has kept. */
function keptOf(pool: SlabPool, slabs: readonly Slab[]): number {
  const again = new Set(slabs.map(({ bytes }) => pool.take(bytes.length)))
  return slabs.filter((slab) => again.has(slab)).length
}

test('of a burst the pool keeps 32 MiB, and again 32 MiB after those were taken', () => {
  const pool = new SlabPool()
  const burst = Array.from({ length: 50 }, () => pool.take(MIB))
  for (let round = 0; round < 3; round++) {
    for (const slab of burst) pool.give(slab)
    assert.equal(keptOf(pool, burst.slice(0, 32)), 32)
    for (const slab of burst) slab.isPooled = true
  }
  for (const slab of burst) pool.give(slab)
  assert.equal(keptOf(pool, burst), 32)
})

test('a pool that was trimmed keeps nothing, and has room again', () => {
  const pool = new SlabPool()
  const burst = Array.from({ length: 32 }, () => pool.take(MIB))
  for (const slab of burst) pool.give(slab)
  pool.trim()
  const next = Array.from({ length: 32 }, () => pool.take(MIB))
  assert.ok(next.every((slab) => !burst.includes(slab)))
  for (const slab of next) pool.give(slab)
  assert.equal(keptOf(pool, next), 32)
})

test('property: nobody is given what another one has, whatever is taken, given and trimmed', () => {
  const size = fc.integer({ min: 8_000, max: 300_000 })
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ take: size }) },
    { weight: 3, arbitrary: fc.record({ give: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.constant('trim' as const) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pool = new SlabPool()
      const taken: Slab[] = []
      for (const next of steps) {
        if (next === 'trim') pool.trim()
        else if ('take' in next) {
          const slab = pool.take(next.take)
          assert.ok(!taken.includes(slab))
          taken.push(slab)
        } else if (taken.length > 0) {
          const [slab] = taken.splice(next.give % taken.length, 1)
          pool.give(slab!)
        }
      }
    }),
  )
})
