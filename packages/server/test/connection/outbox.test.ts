// Outboxes go round: what one connection gives back another one takes, with nothing left in it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { giveOutbox, Outbox, takeOutbox } from '../../src/connection/outbox.ts'
import { piece } from './pieces.ts'

test('it is empty while nothing waits and nothing is under way', () => {
  const outbox = new Outbox()
  assert.ok(outbox.isEmpty)
  outbox.unflushedBytes = 1
  assert.ok(!outbox.isEmpty)
  outbox.unflushedBytes = 0
  outbox.underWay = piece('x').slab
  assert.ok(!outbox.isEmpty)
  outbox.underWay = [piece('x')]
  assert.ok(!outbox.isEmpty)
})

test('one that was given back is taken again, and keeps no memory alive meanwhile', () => {
  const outbox = takeOutbox()
  outbox.pieces = [piece('x')]
  outbox.slab = piece('y').slab
  giveOutbox(outbox)
  assert.deepEqual([outbox.pieces, outbox.slab, outbox.underWay], [null, null, null])
  assert.equal(takeOutbox(), outbox)
  assert.notEqual(takeOutbox(), outbox)
})

test('of a burst some are kept, and not all', () => {
  const burst = new Set(Array.from({ length: 5_000 }, takeOutbox))
  assert.equal(burst.size, 5_000)
  for (const outbox of burst) giveOutbox(outbox)
  const again = new Set(Array.from({ length: 5_000 }, takeOutbox))
  assert.equal(again.size, 5_000)
  const kept = [...again].filter((outbox) => burst.has(outbox)).length
  assert.ok(kept >= 100 && kept <= 2_000, `${kept} were kept`)
})
