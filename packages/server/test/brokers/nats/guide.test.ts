// The page of NATS is true: its sample runs, on a server of the test's own, and the rights it names are enough.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { nats } from 'holdline/nats'
import { AMPLE, BrokerParticipant } from '../../../src/testing/broker-participant.ts'
import { GuideClient } from '../../guide/guide-client.ts'
import { GuidePage } from '../../guide/guide-page.ts'
import { testSamples } from '../../guide/page-tests.ts'
import { NatsServer } from './nats-server.ts'

const page = new GuidePage('nats.md')
let server: NatsServer

before(async () => {
  server = await NatsServer.start()
  process.env['NATS_URL'] = server.url
})

after(() => server.remove())

testSamples(page, {
  rooms: async ({ at }) => {
    const [ann, bob] = ['1', '1'].map((id) => new GuideClient(`ws://${at}/room/${id}`))
    await bob!.exchange('hello', 'hello')
    await ann!.send('welcome')
    assert.equal(await bob!.next(), 'welcome')
    for (const client of [ann, bob]) client!.terminate()
    await server.operate(async (streams) => {
      const { state } = await streams.info(await streams.find('holdline.log.room.1'))
      assert.equal(state.last_seq, 2)
    })
  },
})

test('the rights that the page names are enough', async () => {
  const [, rights] = /(permissions: \{[^}]+\})/.exec(page.text)!
  await using guarded = await NatsServer.start({
    configuration: `authorization { users = [ { user: ann, password: secret, ${rights} } ] }`,
  })
  const broker = nats({ servers: guarded.url, user: 'ann', pass: 'secret' })
  const participant = new BrokerParticipant(broker)
  try {
    await participant.start('plain')
    const reader = await participant.reader('t')
    const retention = { ...AMPLE, count: 1 }
    for (let i = 0; i < 3; i++) {
      await participant.append('t', 'x', { retention, idempotencyKey: `${i}` })
    }
    await broker.attach('news.*', null)
    await broker.publish('plain', 'x')
    await broker.publish('news.a', 'x')
    const result = await broker.read('t', reader.cursor, { count: 9, bytes: 99 }, AMPLE)
    assert.equal(result.lost, null)
  } finally {
    participant.endReaders()
    await broker.stop()
  }
})
