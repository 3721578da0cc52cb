// Receiving, in all its forms; a buffered channel stands for every source.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { channel } from 'holdline/csp'
import { quiet, settling } from './settling.ts'

test('tryReceive gives a value, the end, or null where it would have to wait', () => {
  const ch = channel<number>(1)
  assert.equal(ch.tryReceive(), null)
  ch.trySend(1)
  assert.deepEqual(ch.tryReceive(), { value: 1, ok: true })
  ch.close()
  assert.deepEqual(ch.tryReceive(), { value: undefined, ok: false })
})

test('receiveMany waits for one value and takes what else is there', async () => {
  const ch = channel<number>(8)
  const waiting = settling(ch.receiveMany())
  await quiet()
  assert.equal(waiting.isSettled, false)
  for (let i = 0; i < 6; i++) ch.trySend(i)
  await quiet()
  assert.deepEqual(waiting.value, [0, 1, 2, 3, 4, 5])
  for (let i = 0; i < 6; i++) ch.trySend(i)
  assert.deepEqual(await ch.receiveMany(4), [0, 1, 2, 3])
  assert.deepEqual(await ch.receiveMany(0), [])
  ch.close()
  assert.deepEqual(await ch.receiveMany(), [4, 5])
  assert.deepEqual(await ch.receiveMany(), [])
})

test('receiveMany takes from senders that wait, too', async () => {
  const ch = channel<number>()
  const sent = [1, 2, 3].map((value) => ch.send(value))
  assert.deepEqual(await ch.receiveMany(), [1, 2, 3])
  await Promise.all(sent)
})

test('leaving a loop leaves the channel as it is', async () => {
  const ch = channel<number>(4)
  for (let i = 0; i < 4; i++) ch.trySend(i)
  for await (const value of ch) if (value === 1) break
  assert.equal(ch.isClosed, false)
  assert.equal(ch.length, 2)
  assert.equal(ch.waitingReceivers, 0)
})

test('two loops over one channel share its values', async () => {
  const ch = channel<number>()
  const seen: string[] = []
  const read = async (name: string): Promise<void> => {
    for await (const value of ch) seen.push(`${name}${value}`)
  }
  const readers = [read('a'), read('b')]
  for (let i = 0; i < 4; i++) await ch.send(i)
  ch.close()
  await Promise.all(readers)
  assert.deepEqual(seen.map((each) => each.slice(1)).toSorted(), ['0', '1', '2', '3'])
  assert.equal(new Set(seen.map((each) => each[0])).size, 2)
})
