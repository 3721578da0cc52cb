import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ring } from '../../../src/models/threads/ring.ts'
import { allocateThreadMemory, Word } from '../../../src/models/threads/thread-memory.ts'

test('a ring each way of the size asked for, and words in cache lines of their own', () => {
  const memory = allocateThreadMemory(512)
  assert.equal(new Ring(memory.inbound).capacityBytes, 512)
  assert.equal(new Ring(memory.outbound).capacityBytes, 512)
  const places = Object.values(Word)
  assert.equal(new Set(places.map((place) => Math.floor(place / 16))).size, places.length)
  for (const place of places) assert.ok(place * 4 < memory.words.byteLength)
})
