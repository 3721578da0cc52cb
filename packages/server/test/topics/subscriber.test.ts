// How a subscription begins: what it is answered, before anything is sent for it, and where what follows comes from.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cursor } from '../../src/connection/topic-hub.ts'
import { checkStream, TopicStand } from './topic-stand.ts'

async function withHistory(count: number, topic: object = { history: true }): Promise<TopicStand> {
  const stand = await TopicStand.start({ news: topic })
  for (let i = 1; i <= count; i++) await stand.server.publish('news', `m${i}`)
  return stand
}

function epochOf(stand: TopicStand): string {
  return stand.broker.headOf('news')!.epoch
}

test('without since it is answered with the head, and sent what comes from then on', async () => {
  const stand = await withHistory(3)
  const line = await stand.line()
  const asked = line.subscribe('news')
  await stand.settle()
  const cursor = { epoch: epochOf(stand), offset: 3 }
  assert.deepEqual(await asked, { topic: 'news', cursor, recovered: false, reason: null })
  await stand.publish('news', 'm4')
  assert.deepEqual(line.story, [4])
  await stand.end()
})

test('with a cursor it is sent exactly what it has missed; from history, and from the window', async () => {
  const stand = await withHistory(5)
  const keeper = await stand.line()
  void keeper.subscribe('news')
  await stand.settle()
  await stand.publish('news', 'm6', 'm7')
  for (const [offset, reads] of [
    [2, 1],
    [6, 0],
    [7, 0],
  ] as const) {
    stand.broker.reads.length = 0
    const line = await stand.line()
    const since: Cursor = { epoch: epochOf(stand), offset }
    const asked = line.subscribe('news', { since })
    await stand.settle()
    assert.deepEqual(await asked, { topic: 'news', cursor: since, recovered: true, reason: null })
    assert.deepEqual(checkStream(line, stand.broker).offset, 7)
    assert.equal(stand.broker.reads.length, reads)
  }
  await stand.end()
})

test('from the start it is sent all that is kept', async () => {
  const stand = await withHistory(9, { history: { count: 4 } })
  const line = await stand.line()
  const asked = line.subscribe('news', { since: 'start' })
  await stand.settle()
  assert.deepEqual((await asked).cursor, { epoch: epochOf(stand), offset: 5 })
  assert.deepEqual(line.story, [6, 7, 8, 9])
  await stand.end()
})

test('what cannot be served is said, with the reason and where it goes on', async () => {
  const stand = await withHistory(9, { history: { count: 4 } })
  const head = { epoch: epochOf(stand), offset: 9 }
  for (const [since, reason] of [
    [{ ...head, offset: 2 }, 'trimmed'],
    [{ ...head, offset: 10 }, 'future'],
    [{ epoch: 'other', offset: 2 }, 'epoch'],
  ] as const) {
    const line = await stand.line()
    const asked = line.subscribe('news', { since })
    await stand.settle()
    assert.deepEqual(await asked, { topic: 'news', cursor: head, recovered: false, reason })
    assert.deepEqual(line.story, [])
  }
  await stand.end()
})

test('what is published while history is read comes once, behind it', async () => {
  const stand = await withHistory(3)
  const gate = Promise.withResolvers<void>()
  stand.broker.gate = gate.promise
  const line = await stand.line()
  void line.subscribe('news', { since: { epoch: epochOf(stand), offset: 1 } })
  await stand.settle()
  await stand.publish('news', 'm4', 'm5')
  assert.equal(line.answer, null)
  gate.resolve()
  await stand.pass(1_000)
  assert.deepEqual(line.story, [2, 3, 4, 5])
  await stand.end()
})

test('twice is once; who is gone before the answer is told so', async () => {
  const stand = await withHistory(1)
  const line = await stand.line()
  const gate = Promise.withResolvers<void>()
  stand.broker.gate = gate.promise
  const since = { epoch: epochOf(stand), offset: 0 }
  const asked = line.connection.subscribe('news', { since })
  assert.equal(line.connection.subscribe('news'), asked)
  line.connection.unsubscribe('news')
  gate.resolve()
  await assert.rejects(asked, { code: 'ERR_CONNECTION_CLOSED' })
  assert.equal((await stand.server.stats()).subscriptions, 0)
  await stand.end()
})

test('what the broker refuses is the answer; nothing is subscribed then', async () => {
  const stand = await TopicStand.start({ news: { history: true } })
  stand.broker.attachError = new Error('no')
  const line = await stand.line()
  for (const topic of ['news', 'plain']) {
    const asked = line.subscribe(topic)
    await stand.settle()
    await assert.rejects(asked, /no/)
  }
  assert.equal((await stand.server.stats()).subscriptions, 0)
  stand.broker.attachError = null
  const again = line.subscribe('news')
  await stand.settle()
  assert.equal((await again).cursor?.offset, 0)
  await stand.end()
})

test('bad options are refused without a subscription, and counted', async () => {
  const stand = await TopicStand.start({})
  const line = await stand.line()
  await assert.rejects(line.subscribe('news', { since: 'start' }), { code: 'ERR_TOPIC_UNKNOWN' })
  assert.throws(() => line.connection.subscribe('$presence'), { code: 'ERR_TOPIC_NAME' })
  const stats = await stand.server.stats()
  assert.deepEqual([stats.subscriptions, stats.topics], [0, 0])
  assert.equal(stats.failures['ERR_TOPIC_UNKNOWN'], 1)
  await stand.end()
})
