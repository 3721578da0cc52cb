// The options of the broker on Redis.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from 'redis'
import { redis } from 'holdline/redis'
import { RedisServer } from './redis-server.ts'
import { BrokerParticipant } from '../../../src/testing/broker-participant.ts'

test('options that cannot be are refused', () => {
  for (const options of [
    { prefix: '' },
    { prefix: 'a{b}' },
    { prefix: 'a b' },
    { prefix: 'x'.repeat(65) },
    { backlogBytes: 0 },
    { backlogBytes: 1.5 },
    { url: 'redis://127.0.0.1', client: createClient() },
  ]) {
    assert.throws(() => redis(options), { code: 'ERR_OPTION_INVALID' })
  }
})

test('a client of the program is a model: it is not connected, and its credentials are used', async () => {
  await using server = await RedisServer.start({ options: ['--requirepass', 'secret'] })
  const client = createClient({
    socket: { host: server.host, port: server.port },
    password: 'secret',
  })
  const one = new BrokerParticipant(redis({ client }))
  const other = new BrokerParticipant(redis({ client }))
  try {
    await one.start()
    await other.start()
    const cursor = await one.append('t', 'x')
    assert.deepEqual(await other.broker.attach('t', { count: 1, bytes: 1, ageMs: 1_000 }), cursor)
    assert.equal(client.isOpen, false)
  } finally {
    await one.broker.stop()
    await other.broker.stop()
  }
})

test('programs with different prefixes do not hear one another', async () => {
  await using server = await RedisServer.start()
  const one = new BrokerParticipant(redis({ url: server.url, prefix: 'one' }))
  const two = new BrokerParticipant(redis({ url: server.url, prefix: 'two' }))
  try {
    await one.start('t')
    await two.start('t')
    await one.broker.publish('t', 'from one')
    await one.append('h', 'from one')
    const first = await two.append('h', 'from two')
    assert.equal(first.offset, 1)
    assert.deepEqual(two.heard, [])
  } finally {
    await one.broker.stop()
    await two.broker.stop()
  }
})
