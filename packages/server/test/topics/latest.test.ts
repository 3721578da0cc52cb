// The latest of each key: in order, bounded, and who is gone is known.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Publication } from '../../src/topics/broker.ts'
import { LatestByKey } from '../../src/topics/latest.ts'

function publication(
  offset: number,
  key: string | null,
  message: string | Uint8Array = 'm',
): Publication {
  return { offset, previous: offset - 1, message, key, timeMs: 0 }
}

function offsets(latest: LatestByKey, ordinal: number): number[] {
  return Array.from(latest.since(ordinal), (entry) => entry.publication.offset)
}

test('a key that comes again goes to the end', () => {
  const latest = new LatestByKey(10, { ordinal: 0, offset: 0 })
  for (const [i, key] of ['a', 'b', null, 'a', null].entries())
    latest.set(i + 1, publication(i + 1, key))
  assert.deepEqual(offsets(latest, 0), [2, 4, 5])
  assert.deepEqual(offsets(latest, 4), [5])
  assert.deepEqual(latest.evicted, { ordinal: 0, offset: 0 })
})

test('beyond the bound the oldest is gone, and known to be', () => {
  const latest = new LatestByKey(2, { ordinal: 0, offset: 0 })
  for (const [i, key] of ['a', 'b', 'c'].entries()) latest.set(i + 1, publication(10 + i, key))
  assert.equal(latest.size, 2)
  assert.deepEqual(latest.evicted, { ordinal: 1, offset: 10 })
  latest.clear({ ordinal: 3, offset: 0 })
  assert.deepEqual([latest.size, latest.evicted.ordinal], [0, 3])
})

test('bytes of a topic without history are the broker’s, and are copied', () => {
  const latest = new LatestByKey(2, { ordinal: 0, offset: 0 })
  const bytes = new Uint8Array([1])
  latest.set(1, publication(0, null, bytes))
  bytes[0] = 2
  const [entry] = latest.since(0)
  assert.deepEqual(entry!.publication.message, new Uint8Array([1]))
})

test('whatever the number of keys, its messages are bounded in bytes', () => {
  const latest = new LatestByKey(1_000_000, { ordinal: 0, offset: 0 }, 1_000)
  const message = 'x'.repeat(100)
  for (let n = 1; n <= 50; n++) latest.set(n, publication(n, `key ${n}`, message))
  assert.ok(latest.size >= 5 && latest.size <= 10)
  assert.equal(latest.evicted.offset, 50 - latest.size)
  // The same key again takes no more room; one longer than the bound is kept alone.
  for (let n = 51; n <= 90; n++) latest.set(n, publication(n, 'key 50', message))
  assert.equal(latest.evicted.offset, 50 - latest.size)
  latest.set(91, publication(91, 'long', 'x'.repeat(5_000)))
  assert.deepEqual(offsets(latest, 0), [91])
  latest.clear({ ordinal: 91, offset: 91 })
  for (let n = 92; n <= 96; n++) latest.set(n, publication(n, `key ${n}`, message))
  assert.equal(latest.size, 5)
})
