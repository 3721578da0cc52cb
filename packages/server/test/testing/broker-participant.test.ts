import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryBroker } from '../../src/brokers/memory/memory-broker.ts'
import {
  allHear,
  AMPLE,
  appendOptions,
  BrokerParticipant,
  startAll,
  until,
  within,
} from '../../src/testing/broker-participant.ts'

test('it notes what its broker tells', async () => {
  const participant = new BrokerParticipant(new MemoryBroker())
  await startAll([participant], 't')
  const bytes = Uint8Array.of(1)
  await participant.broker.publish('t', bytes)
  bytes[0] = 9
  await allHear([participant], 1)
  assert.deepEqual(participant.heard, [['t', Uint8Array.of(1)]])
  const reader = await participant.reader('h')
  const cursor = await participant.append('h', 'x', { key: 'k' })
  assert.equal(participant.told[0]!.publication.key, 'k')
  assert.deepEqual(reader.messages, ['x'])
  assert.deepEqual(reader.cursor, cursor)
  participant.endReaders()
  await participant.append('h', 'y')
  assert.deepEqual(reader.messages, ['x'])
})

test('what does not come in time fails', async () => {
  const never = new Promise<void>(() => {})
  await assert.rejects(within(5, 'too late', never), /too late/)
  assert.equal(await within(1_000, 'too late', Promise.resolve(1)), 1)
  await assert.rejects(
    until(
      () => false,
      () => 'the moon',
      5,
    ),
    /in vain for the moon/,
  )
  assert.deepEqual(appendOptions({ key: 'k' }), {
    key: 'k',
    idempotencyKey: null,
    retention: AMPLE,
  })
})
