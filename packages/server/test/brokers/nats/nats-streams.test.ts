// Which stream a topic has, against a real nats-server.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AMPLE, appendOptions } from '../../../src/testing/broker-participant.ts'
import { withBrokers } from './nats-brokers.ts'
import { NatsServer } from './nats-server.ts'

const PAGE = { count: 100, bytes: 100_000 }

let server: NatsServer
before(async () => {
  server = await NatsServer.start()
})
after(() => server.remove())

test('processes that begin a topic at the same time begin it once', async () => {
  await withBrokers(server, 8, async (brokers, names) => {
    for (let round = 0; round < 10; round++) {
      const topic = `t${round}`
      const cursors = await Promise.all(
        brokers.map((broker) => broker.append(topic, 'x', appendOptions())),
      )
      assert.equal(new Set(cursors.map(({ epoch }) => epoch)).size, 1)
      const offsets = cursors.map(({ offset }) => offset).toSorted((one, other) => one - other)
      assert.deepEqual(offsets, [1, 2, 3, 4, 5, 6, 7, 8])
      await server.operate(async (streams) => {
        const found = await streams.names(names.log(topic)).next()
        assert.equal(found.length, 1)
      })
    }
  })
})

test('what a topic keeps follows the options of who uses it next', async () => {
  await withBrokers(server, 2, async ([one, other]) => {
    for (let i = 0; i < 20; i++) await one!.append('t', `${i}`, appendOptions())
    const retention = { ...AMPLE, count: 5 }
    await other!.attach('t', retention)
    const result = await other!.read('t', 'start', PAGE, retention)
    assert.ok(result.lost === null)
    assert.deepEqual(
      result.publications.map(({ message }) => message),
      ['15', '16', '17', '18', '19'],
    )
  })
})

test('a stream is set up so that an operator can tell what it is, and others can read it', async () => {
  await withBrokers(server, 1, async ([broker], names) => {
    const { epoch } = await broker!.append('news.ü', 'x', appendOptions())
    await server.operate(async (streams) => {
      const { config } = await streams.info(await streams.find(names.log('news.ü')))
      assert.equal(config.description, 'Holdline topic "news.ü"')
      assert.ok(config.name.endsWith(epoch))
      assert.deepEqual(config.subjects, [names.log('news.ü')])
      assert.equal(config.max_msgs, AMPLE.count)
      assert.equal(config.max_bytes, AMPLE.bytes)
      assert.equal(config.max_age, AMPLE.ageMs * 1e6)
      assert.equal(config.storage, 'file')
    })
  })
})

test('a message that is more than the topic may keep stays alone, until the next comes', async () => {
  await withBrokers(server, 1, async ([broker]) => {
    const retention = { ...AMPLE, bytes: 4_000 }
    const kept = async (): Promise<readonly number[]> => {
      const result = await broker!.read('t', 'start', PAGE, retention)
      assert.ok(result.lost === null)
      return result.publications.map(({ offset }) => offset)
    }
    await broker!.append('t', 'a', appendOptions({ retention }))
    await broker!.append('t', 'b'.repeat(50_000), appendOptions({ retention }))
    assert.deepEqual(await kept(), [2])
    await broker!.append('t', 'c', appendOptions({ retention }))
    assert.deepEqual(await kept(), [3])
  })
})

test('a topic beyond what the account may have is refused with its code, and those it has go on', async () => {
  const limits = 'max_streams: 2, max_mem: 100M, max_store: 100M'
  const user = 'users: [{ user: "one", password: "x" }]'
  const configuration = `accounts { APP { jetstream { ${limits} }, ${user} } }\nno_auth_user: one`
  await using bounded = await NatsServer.start({ configuration })
  await withBrokers(bounded, 1, async ([broker]) => {
    const retention = { ...AMPLE, bytes: 1_000_000 }
    const options = { ...appendOptions(), retention }
    await broker!.append('a', 'x', options)
    await broker!.append('b', 'x', options)
    const refused = { code: 'ERR_TOPIC_LIMIT' }
    await assert.rejects(broker!.append('c', 'x', options), refused)
    await assert.rejects(broker!.attach('c', retention), refused)
    assert.equal((await broker!.append('a', 'y', options)).offset, 2)
  })
})
