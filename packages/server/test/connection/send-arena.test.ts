// The slab of a turn: room, pins, reuse.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LARGE_BYTES, SendArena } from '../../src/connection/send-arena.ts'

test('room is made in the same slab while there is some, then in a new one', () => {
  const arena = new SendArena()
  const { slab } = arena
  arena.reserve(LARGE_BYTES)
  assert.ok(arena.slab === slab)
  arena.position = slab.length - 10
  assert.ok(arena.fits(10) && !arena.fits(11))
  arena.reserve(10)
  assert.ok(arena.slab === slab)
  arena.reserve(11)
  assert.ok(arena.slab !== slab)
  assert.equal(arena.position, 0)
  assert.ok(arena.slab.length >= LARGE_BYTES)
})

test('a turn that ends begins anew in the same slab', () => {
  const arena = new SendArena()
  const { slab } = arena
  arena.position = 500
  arena.turnEnded()
  assert.deepEqual([arena.slab === slab, arena.position], [true, 0])
})

test('of a slab of which a part is under way, nothing is written a second time', () => {
  const arena = new SendArena()
  const { slab } = arena
  arena.position = 500
  arena.pin()
  arena.turnEnded()
  assert.ok(arena.slab !== slab || arena.position >= 500)
  arena.position = slab.length
  arena.reserve(1)
  assert.ok(arena.slab !== slab)
})

test('a pin belongs to the slab that was in use, not to the next one', () => {
  const arena = new SendArena()
  arena.pin()
  arena.position = arena.slab.length
  arena.reserve(1)
  const { slab } = arena
  arena.position = 500
  arena.turnEnded()
  assert.deepEqual([arena.slab === slab, arena.position], [true, 0])
})
