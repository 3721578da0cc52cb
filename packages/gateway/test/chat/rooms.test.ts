import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Rooms } from '../../src/chat/rooms.ts'

test('there are so many rooms, and no more until one was idle for long enough', () => {
  const rooms = new Rooms(2, 100)
  assert.ok(rooms.admits('a', 0))
  assert.ok(rooms.admits('b', 10))
  assert.ok(!rooms.admits('c', 20))
  // Those that there are stay open, and to use one makes it younger.
  assert.ok(rooms.admits('a', 30))
  assert.ok(!rooms.admits('c', 109))
  assert.ok(rooms.admits('c', 110))
  assert.ok(!rooms.admits('b', 111))
  assert.ok(rooms.admits('a', 112))
})
