// The page of Redis is true: its sample runs, on a server of the test's own, and the rights it names are enough.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { redis } from 'holdline/redis'
import { AMPLE, BrokerParticipant } from '../../../src/testing/broker-participant.ts'
import { GuideClient } from '../../guide/guide-client.ts'
import { GuidePage } from '../../guide/guide-page.ts'
import { testSamples } from '../../guide/page-tests.ts'
import { RedisCluster } from './redis-cluster.ts'
import { RedisServer } from './redis-server.ts'

const page = new GuidePage('redis.md')
let server: RedisServer
let cluster: RedisCluster

before(async () => {
  server = await RedisServer.start()
  process.env['REDIS_URL'] = server.url
  cluster = await RedisCluster.start()
  process.env['REDIS_NODES'] = cluster.nodes.map(({ url }) => url).join(' ')
})

after(async () => {
  await server.remove()
  await cluster.remove()
})

testSamples(page, {
  rooms: async ({ at }) => {
    const [ann, bob] = ['1', '1'].map((id) => new GuideClient(`ws://${at}/room/${id}`))
    await bob!.exchange('hello', 'hello')
    await ann!.send('welcome')
    assert.equal(await bob!.next(), 'welcome')
    for (const client of [ann, bob]) client!.terminate()
    assert.equal(server.cli('xlen', 'holdline:{room.1}:log'), '2')
  },
  cluster: async ({ at }) => {
    const client = new GuideClient(`ws://${at}/`)
    await client.exchange('hello', 'hello')
    client.terminate()
  },
})

test('the rights that the page names are enough', async () => {
  const [, rights] = /For a user of its own: `([^`]+)`/.exec(page.text)!
  server.cli('acl', 'setuser', 'ann', 'on', '>secret', ...rights!.split(/\s+/))
  const url = server.url.replace('//', '//ann:secret@')
  const participant = new BrokerParticipant(redis({ url }))
  try {
    await participant.start('plain')
    const reader = await participant.reader('t')
    const retention = { ...AMPLE, count: 1 }
    for (let i = 0; i < 3; i++)
      await participant.append('t', 'x', { retention, idempotencyKey: `${i}` })
    await participant.broker.publish('plain', 'x')
    await participant.broker.read('t', reader.cursor, { count: 1, bytes: 1 }, AMPLE)
    server.cli('del', 'holdline:{t}:head')
    await participant.append('t', 'x')
    participant.broker.detach('plain')
    const pattern = participant.broker.attach('news.*', null)
    await assert.rejects(pattern, { code: 'ERR_BROKER_REFUSED', message: /NOPERM/ })
    server.cli('acl', 'setuser', 'ann', 'allchannels')
    await participant.broker.attach('news.*', null)
  } finally {
    participant.endReaders()
    await participant.broker.stop()
  }
})
