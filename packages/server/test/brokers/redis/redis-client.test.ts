// A connection has the options of its client, but for how it is kept.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from 'redis'
import { connectionOf } from '../../../src/brokers/redis/redis-client.ts'

test('a connection has the address, the credentials and the socket of its client', () => {
  const client = createClient({
    url: 'rediss://user:pass@127.0.0.1:7777/3',
    socket: { tls: true, rejectUnauthorized: false, servername: 'redis.test' },
  })
  const { options } = connectionOf(client) as unknown as typeof client
  const { username, password, database } = options
  assert.deepEqual(
    { username, password, database },
    { username: 'user', password: 'pass', database: 3 },
  )
  const socket = options.socket as Record<string, unknown>
  for (const [name, value] of Object.entries({
    host: '127.0.0.1',
    port: 7777,
    tls: true,
    servername: 'redis.test',
    rejectUnauthorized: false,
  })) {
    assert.equal(socket[name], value, name)
  }
})

test('nothing waits in a connection, and it does not come back by itself', async () => {
  const { port } = new URL('redis://127.0.0.1:1')
  const connection = connectionOf(createClient({ url: `redis://127.0.0.1:${port}` }))
  connection.on('error', () => {})
  await assert.rejects(connection.connect())
  await assert.rejects(connection.sendCommand(['PING']))
  const { options } = connection as unknown as ReturnType<typeof createClient>
  assert.equal(options.disableOfflineQueue, true)
  assert.equal(options.socket!.reconnectStrategy, false)
})
