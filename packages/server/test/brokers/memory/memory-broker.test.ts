// What is beyond the contract: contract.test.ts runs that.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryBroker } from '../../../src/brokers/memory/memory-broker.ts'
import type { BrokerSink, Retention } from '../../../src/topics/broker.ts'

const retention: Retention = { count: 100, bytes: 100_000, ageMs: 1_000 }
const plain = { key: null, idempotencyKey: null, retention }
const page = { count: 100, bytes: 100_000 }

function sinkTo(told: unknown[]): BrokerSink {
  return {
    deliver: (topic, message) => void told.push(topic, message),
    appended: (topic, epoch, publication) => void told.push(topic, epoch, publication),
    interrupted: (error) => void told.push(error),
    restored: () => void told.push('restored'),
    processGone: (processName) => void told.push(processName),
  }
}

test('a publication is delivered before publish returns, as the very message', async () => {
  const broker = new MemoryBroker()
  const told: unknown[] = []
  await broker.start(sinkTo(told))
  const bytes = Uint8Array.of(1)
  void broker.publish('t', bytes)
  assert.equal(told[1], bytes)
})

test('what is appended is told before append returns, once for an idempotency key', async () => {
  const broker = new MemoryBroker({ nowMs: () => 7 })
  const told: unknown[] = []
  await broker.start(sinkTo(told))
  const keyed = { key: 'k', idempotencyKey: 'once', retention }
  const first = broker.append('t', 'a', keyed)
  const { epoch } = await first
  const publication = { offset: 1, previous: 0, message: 'a', key: 'k', timeMs: 7 }
  assert.deepEqual(told, ['t', epoch, publication])
  assert.deepEqual(await broker.append('t', 'a', keyed), { epoch, offset: 1 })
  assert.equal(told.length, 3)
})

test('it can be started again after stop, with its history', async () => {
  const broker = new MemoryBroker()
  const first: unknown[] = []
  const second: unknown[] = []
  await broker.start(sinkTo(first))
  const cursor = await broker.append('h', 'x', plain)
  await broker.stop()
  await broker.start(sinkTo(second))
  await broker.publish('t', 'x')
  assert.equal(first.length, 3)
  assert.deepEqual(second, ['t', 'x'])
  assert.deepEqual(await broker.attach('h', retention), cursor)
})

test('topics that nobody is attached to are forgotten when they are old, and begin anew', async () => {
  let nowMs = 0
  const broker = new MemoryBroker({ nowMs: () => nowMs })
  await broker.start(sinkTo([]))
  const old = await broker.append('old', 'x', plain)
  const attached = (await broker.attach('attached', retention))!
  nowMs = 500
  const young = await broker.append('young', 'x', plain)
  for (let i = 3; i < 10_000; i++) await broker.attach(`passing ${i}`, retention)
  for (let i = 3; i < 10_000; i++) broker.detach(`passing ${i}`)
  nowMs = 1_001
  await broker.append('one too many', 'x', plain)
  const read = async (topic: string, after: typeof old): Promise<unknown> =>
    (await broker.read(topic, { ...after, offset: 0 }, page, retention)).lost
  assert.equal(await read('old', old), 'epoch')
  assert.equal(await read('attached', attached), null)
  assert.equal(await read('young', young), null)
})

test('a topic beyond the limit is refused while all others are attached', async () => {
  const broker = new MemoryBroker({ limits: { topics: 2 } })
  await broker.start(sinkTo([]))
  await broker.attach('one', retention)
  await broker.attach('two', retention)
  const refused = { code: 'ERR_TOPIC_LIMIT' }
  await assert.rejects(broker.append('three', 'x', plain), refused)
  await assert.rejects(broker.attach('three', retention), refused)
  await assert.rejects(broker.read('three', 'start', page, retention), refused)
  broker.detach('one')
  assert.equal((await broker.append('three', 'x', plain)).offset, 1)
  assert.equal((await broker.append('two', 'x', plain)).offset, 1)
})
