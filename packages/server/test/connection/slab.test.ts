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

test('property: a slab is long enough, and longer than twice what was asked for never', () => {
  const pool = new SlabPool()
  fc.assert(
    fc.property(fc.integer({ min: 65, max: 5 * MIB }), fc.boolean(), (size, isGiven) => {
      const slab = pool.take(size)
      assert.ok(slab.bytes.length >= size && slab.bytes.length < 2 * size)
      if (isGiven) pool.give(slab)
    }),
  )
})

test('what was given is taken again, by who needs the same size after rounding up', () => {
  const pool = new SlabPool()
  const slab = pool.take(20_000)
  assert.deepEqual([slab.bytes.length, slab.isPooled], [32_768, true])
  pool.give(slab)
  assert.equal(slab.isPooled, false)
  assert.notEqual(pool.take(POOLED_BYTES), slab)
  assert.notEqual(pool.take(32_769), slab)
  assert.equal(pool.take(32_768), slab)
  assert.equal(slab.isPooled, true)
  assert.notEqual(pool.take(32_768), slab)
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

test('of a burst the pool keeps 8 MiB, and again 8 MiB after those were taken', () => {
  const pool = new SlabPool()
  const burst = Array.from({ length: 20 }, () => pool.take(MIB))
  for (let round = 0; round < 3; round++) {
    for (const slab of burst) pool.give(slab)
    assert.equal(keptOf(pool, burst.slice(0, 8)), 8)
    for (const slab of burst) slab.isPooled = true
  }
  for (const slab of burst) pool.give(slab)
  assert.equal(keptOf(pool, burst), 8)
})

test('a pool that was cleared keeps nothing, and has room again', () => {
  const pool = new SlabPool()
  const burst = Array.from({ length: 8 }, () => pool.take(MIB))
  for (const slab of burst) pool.give(slab)
  pool.trim()
  const next = Array.from({ length: 8 }, () => pool.take(MIB))
  assert.ok(next.every((slab) => !burst.includes(slab)))
  for (const slab of next) pool.give(slab)
  assert.equal(keptOf(pool, next), 8)
})
