// A cluster changes while the broker runs: slots move, a node is killed. What the contract does not know of.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redis } from '../../../src/brokers/redis/index.ts'
import { slotOf } from '../../../src/brokers/redis/cluster-slots.ts'
import type { Broker, Cursor } from '../../../src/topics/broker.ts'
import { PatientPublisher } from '../../../src/testing/patient-publisher.ts'
import { BrokerParticipant, until } from '../../../src/testing/broker-participant.ts'
import { RedisCluster, SLOT_COUNT } from './redis-cluster.ts'

const retention = { count: 10_000, bytes: 10_000_000, ageMs: 600_000 }
const slot = (topic: string): number => slotOf(`holdline:{${topic}}`)

test('slots move under publishers and readers: nothing acknowledged is lost, twice or out of order', async () => {
  const cluster = await RedisCluster.start()
  try {
    const nodes = cluster.nodes.map(({ url }) => url)
    const participants: BrokerParticipant[] = []
    for (let i = 0; i < 2; i++) {
      const participant = new BrokerParticipant(redis({ cluster: { nodes } }))
      await participant.start()
      participants.push(participant)
    }
    const topics = Array.from({ length: 6 }, (_, i) => `moving.${i}`)
    const readers = await Promise.all(topics.map((topic) => participants[1]!.reader(topic)))
    const publishers = topics.map(
      (topic) => new PatientPublisher(participants[0]!, topic, `of ${topic}`),
    )
    for (const publisher of publishers) publisher.start()
    await until(
      () => publishers.every(({ acknowledged }) => acknowledged.length > 20),
      () => 'some',
    )
    for (const topic of topics) {
      const at = Math.floor((slot(topic) * cluster.nodes.length) / SLOT_COUNT)
      const [from, to] = [cluster.nodes[at]!, cluster.nodes[(at + 1) % 3]!]
      cluster.move([slot(topic)], from, to)
    }
    const counts = publishers.map(({ acknowledged }) => acknowledged.length)
    await until(
      () => publishers.every(({ acknowledged }, i) => acknowledged.length > counts[i]! + 20),
      () => 'publications behind the move',
      20_000,
    )
    for (const publisher of publishers) await publisher.stop()
    for (const [i, reader] of readers.entries()) {
      const { acknowledged } = publishers[i]!
      await until(
        () => reader.cursor.offset >= acknowledged.at(-1)!.cursor.offset,
        () => `the last of ${topics[i]}`,
        20_000,
      )
      publishers[i]!.check()
      assert.deepEqual(
        reader.messages,
        acknowledged.map(({ message }) => message),
      )
      assert.deepEqual(reader.gaps, [])
    }
    for (const participant of participants) {
      participant.endReaders()
      await participant.broker.stop()
    }
  } finally {
    await cluster.remove()
  }
})

test('whoever asks the node that had the slot is answered by the one that has it', async () => {
  const cluster = await RedisCluster.start()
  const nodes = cluster.nodes.map(({ url }) => url)
  const [asks, hears] = [0, 1].map(() => new BrokerParticipant(redis({ cluster: { nodes } })))
  try {
    await asks!.start()
    await hears!.start()
    await asks!.append('moved', 'first')
    const reader = await hears!.reader('moved', { ...(await asks!.append('moved', 'second')) })
    const at = Math.floor((slot('moved') * 3) / SLOT_COUNT)
    cluster.move([slot('moved')], cluster.nodes[at]!, cluster.nodes[(at + 1) % 3]!)
    // It does not hear the topic, so nobody has told it.
    assert.equal((await asks!.append('moved', 'third')).offset, 3)
    // What was published before the topic was attached elsewhere is told by nobody: it is read.
    await until(
      () => hears!.restoredCount > 0 && reader.messages.includes('third'),
      () => 'the topic to be heard at its new node',
      10_000,
    )
    assert.deepEqual([reader.messages, reader.gaps], [['third'], []])
  } finally {
    for (const participant of [asks!, hears!]) {
      participant.endReaders()
      await participant.broker.stop()
    }
    await cluster.remove()
  }
})

test('a node that is killed is missed by its own topics only', async () => {
  const cluster = await RedisCluster.start()
  const nodes = cluster.nodes.map(({ url }) => url)
  const broker: Broker = redis({ cluster: { nodes } })
  const heard: string[] = []
  await broker.start({
    deliver: () => {},
    appended: (_topic, _epoch, { message }) => void heard.push(String(message)),
    processGone: () => {},
    interrupted: () => void heard.push('interrupted'),
    restored: () => void heard.push('restored'),
  })
  try {
    const nodeOf = (topic: string): number => Math.floor((slot(topic) * 3) / SLOT_COUNT)
    const names = Array.from({ length: 100 }, (_, i) => `topic.${i}`)
    const topics = [0, 1, 2].map((node) => names.find((name) => nodeOf(name) === node)!)
    const append = (topic: string, message: string): Promise<Cursor> =>
      broker.append(topic, message, { key: null, idempotencyKey: null, retention })
    for (const topic of topics) {
      await broker.attach(topic, retention)
      await append(topic, `first of ${topic}`)
    }
    await cluster.nodes[2]!.kill()
    await until(
      () => heard.includes('interrupted'),
      () => 'the interruption',
    )
    await assert.rejects(append(topics[2]!, 'lost'), { code: 'ERR_BROKER_AWAY' })
    assert.equal((await append(topics[0]!, 'second')).offset, 2)
    await cluster.nodes[2]!.start()
    await until(
      () => heard.includes('restored'),
      () => 'the return',
      10_000,
    )
    await cluster.whole()
    assert.equal((await append(topics[2]!, 'second')).offset, 2)
    await assert.rejects(broker.attach('no.*', null), { code: 'ERR_TOPIC_PATTERN' })
  } finally {
    await broker.stop()
    await cluster.remove()
  }
})

test('nodes that are none: ERR_BROKER_START says of each what is wrong', async () => {
  const nobody = redis({ cluster: { nodes: ['redis://127.0.0.1:1', 'redis://127.0.0.1:2'] } })
  const sink = {
    deliver: () => {},
    appended: () => {},
    processGone: () => {},
    interrupted: () => {},
    restored: () => {},
  }
  await assert.rejects(nobody.start(sink), {
    code: 'ERR_BROKER_START',
    message: /127\.0\.0\.1:1: .*127\.0\.0\.1:2: /,
  })
  for (const options of [
    { cluster: { nodes: [] } },
    { cluster: { nodes: ['no address'] } },
    { cluster: { nodes: ['redis://a'] }, url: 'redis://b' },
  ]) {
    assert.throws(() => redis(options), { code: 'ERR_OPTION_INVALID' })
  }
})
