import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endsOf } from './ends.ts'

test('receive gives up at its deadline, and gives what is there without waiting', () => {
  const { loop, thread } = endsOf(256)
  const since = performance.now()
  assert.equal(thread.receive(since + 20), false)
  assert.ok(performance.now() - since >= 19)
  loop.write(7, 'x')
  assert.equal(thread.receive(0), true)
  assert.deepEqual([thread.parcel.kind, thread.parcel.payload], [7, 'x'])
})

test('the loop is called once until it looks', () => {
  const { loop, thread, counts } = endsOf(256)
  for (let i = 0; i < 5; i++) thread.trySend(1, 'x')
  assert.equal(counts.calls, 1)
  loop.called()
  thread.trySend(1, 'x')
  assert.equal(counts.calls, 2)
})

test('a loop with a rest is called when half of the ring is free, and then writes on', () => {
  const { loop, thread, counts } = endsOf(256)
  assert.equal(loop.write(1, 'x'.repeat(80)), true)
  assert.equal(loop.write(1, 'y'.repeat(80)), true)
  assert.equal(loop.write(1, 'z'.repeat(200)), false)
  assert.equal(thread.receive(0), true)
  assert.equal(counts.calls, 0)
  assert.equal(thread.receive(0), true)
  assert.equal(counts.calls, 1)
  loop.called()
  assert.equal(counts.rooms, 1)
  assert.equal(thread.receive(0), true)
  assert.equal(thread.parcel.payload, 'z'.repeat(200))
})

test('after the end send takes nothing, sleep is over, and what had come can be received', () => {
  const { loop, thread, got } = endsOf(256)
  loop.write(1, 'x')
  loop.end()
  assert.equal(thread.hasEnded, true)
  assert.equal(thread.send(1, 'y'), false)
  assert.equal(thread.sleep(performance.now() + 60_000), false)
  assert.equal(thread.receive(0), true)
  thread.deliver(2, 'done')
  loop.called()
  assert.deepEqual(got, [[2, 'done']])
})

test('sleep lasts to its deadline', () => {
  const { thread } = endsOf(256)
  const since = performance.now()
  assert.equal(thread.sleep(since + 15), true)
  assert.ok(performance.now() - since >= 14)
})

test('once retired it neither reads nor writes', () => {
  const { loop, thread, got, counts } = endsOf(256)
  loop.write(1, 'of the next session')
  thread.retire()
  assert.equal(thread.receive(Infinity), false)
  assert.equal(thread.send(1, 'x'), false)
  assert.equal(thread.trySend(1, 'x'), false)
  assert.equal(thread.sleep(Infinity), false)
  thread.deliver(1, 'x')
  loop.called()
  assert.deepEqual(got, [])
  assert.equal(counts.calls, 0)
})
