// What goes to the broker: names and keys are checked, pages are read once for all, a closed server refuses.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HeldConnection } from '../../src/connection/held-connection.ts'
import { TopicStand } from './topic-stand.ts'

test('keys are checked before the broker has anything', async () => {
  const stand = await TopicStand.start({ news: { history: true } })
  const news = stand.server.topic('news')
  for (const options of [
    { key: 'x'.repeat(256) },
    { idempotencyKey: 'x'.repeat(129) },
    { key: 7 },
  ]) {
    assert.throws(() => news.publish('m', options as never), { code: 'ERR_OPTION_INVALID' })
  }
  assert.equal(stand.broker.headOf('news'), null)
  await stand.end()
})

test("Holdline's own topics are no program's, whichever way it takes", async () => {
  const stand = await TopicStand.start({ '**': { history: true } })
  const { hub } = (await stand.line()).connection as HeldConnection
  for (const name of ['$revocations', '$presence', '$']) {
    const refused = { code: 'ERR_TOPIC_NAME' }
    assert.throws(() => hub.publish(name, 'forged'), refused)
    assert.throws(() => hub.listen(name, () => {}), refused)
    await assert.rejects(hub.history(name), refused)
    assert.throws(() => hub.presence!.set({}, name, 'ghost', null), refused)
    assert.throws(() => hub.presence!.watch(name, () => {}), refused)
  }
  const heard: unknown[] = []
  const stop = hub.own!.listen('$revocations', (message) => heard.push(message))
  await hub.own!.publish('$revocations', 'told')
  await stand.settle()
  const { publications } = await hub.own!.history('$revocations')
  assert.deepEqual([heard, publications.map(({ message }) => message)], [['told'], ['told']])
  stop()
  await stand.end()
})

test('history: pages, what was let go, and bad questions', async () => {
  const stand = await TopicStand.start({ news: { history: { count: 3 } } })
  await stand.publish('news', 'a', 'b', 'c', 'd', 'e')
  const news = stand.server.topic('news')
  const { epoch } = stand.broker.headOf('news')!
  const page = await news.history({ after: { epoch, offset: 1 }, limit: 2 })
  assert.deepEqual([page.lost, page.cursor.offset, page.head.offset], ['trimmed', 4, 5])
  assert.deepEqual(
    page.publications.map(({ message }) => message),
    ['c', 'd'],
  )
  const end = await news.history({ after: page.head })
  assert.deepEqual([end.publications.length, end.cursor], [0, page.head])
  await assert.rejects(news.history({ limit: 0 }), { code: 'ERR_OPTION_INVALID' })
  await assert.rejects(news.history({ after: {} as never }), { code: 'ERR_CURSOR_INVALID' })
  await assert.rejects(stand.server.topic('plain').history(), { code: 'ERR_TOPIC_UNKNOWN' })
  await stand.end()
  await assert.rejects(news.history(), { code: 'ERR_SERVER_CLOSED' })
  await assert.rejects(news.publish('late'), { code: 'ERR_SERVER_CLOSED' })
})

test('who resumes at the same place at the same time is served by one read', async () => {
  const stand = await TopicStand.start({ news: { history: true } })
  await stand.publish('news', 'a', 'b')
  const since = { epoch: stand.broker.headOf('news')!.epoch, offset: 1 }
  const lines = [await stand.line(), await stand.line(), await stand.line()]
  stand.broker.reads.length = 0
  for (const line of lines) void line.subscribe('news', { since })
  await stand.settle()
  assert.equal(stand.broker.reads.length, 1)
  for (const line of lines) assert.deepEqual(line.story, [2])
  await stand.end()
})

test('a promise for all that is handed over together is given on as one', async () => {
  const stand = await TopicStand.start({})
  const done = Promise.resolve()
  stand.broker.publish = () => done
  assert.equal(stand.server.publish('a', 'x'), stand.server.publish('b', 'x'))
  assert.equal(await stand.server.publish('a', 'x'), null)
  await stand.end()
})

test('block holds publishers of other processes too, until its subscriber reads', async () => {
  const topics = { news: { history: true, overflow: 'block', lagBytes: 1_000 } } as const
  const one = await TopicStand.start(topics)
  const other = await TopicStand.start(topics, {}, one.broker.joined('p2'))
  const line = await one.line()
  void line.subscribe('news')
  const pass = async (ms: number): Promise<void> => {
    await one.pass(ms)
    await other.pass(ms)
  }
  await pass(0)
  line.peer.windowBytes = 0
  for (let i = 0; i < 14; i++) {
    void one.server.publish('news', 'x'.repeat(100))
    await pass(0)
  }
  let isTaken = false
  void other.server.publish('news', 'held').then(() => (isTaken = true))
  await pass(1_000)
  assert.equal(isTaken, false)
  line.peer.windowBytes = Infinity
  await pass(600)
  assert.equal(isTaken, true)
  assert.equal(line.story.length, 15)
  assert.deepEqual(line.gaps, [])
  await one.end()
  await other.end()
})
