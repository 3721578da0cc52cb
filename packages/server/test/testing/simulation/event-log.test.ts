import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventLog } from '../../../src/testing/simulation/event-log.ts'

test('the hash is of every event, its time and its place', () => {
  const hashOf = (...events: readonly [number, string][]): string => {
    const log = new EventLog()
    for (const event of events) log.add(...event)
    return log.hash
  }
  const hashes = [
    hashOf(),
    hashOf([1, 'a']),
    hashOf([2, 'a']),
    hashOf([1, 'b']),
    hashOf([1, 'a'], [1, 'b']),
    hashOf([1, 'b'], [1, 'a']),
  ]
  assert.equal(new Set(hashes).size, hashes.length)
  assert.equal(hashOf([1, 'a'], [1, 'b']), hashes[4])
  for (const hash of hashes) assert.match(hash, /^[0-9a-f]{16}$/)
})

test('the last events are kept, the oldest first', () => {
  const log = new EventLog()
  log.add(0, 'first')
  assert.deepEqual(log.last, ['0 first'])
  for (let i = 1; i < 5_000; i++) log.add(i, 'event')
  assert.equal(log.count, 5_000)
  assert.equal(log.last.length, 2_000)
  assert.equal(log.last[0], '3000 event')
  assert.equal(log.last.at(-1), '4999 event')
})
