// A topic as a program holds it: publishes, hears, reads; names that are Holdline's own are refused.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wireServer } from './wire-server.ts'

test('publish answers with the cursor, history reads what is kept, a listener hears', async () => {
  await using wire = await wireServer('memory', { topics: { news: { history: true } } })
  const news = wire.server.topic('news')
  const heard: unknown[] = []
  const stop = news.subscribe((message, publication) => heard.push([message, publication?.offset]))
  await wire.settled(new Promise((resolve) => setImmediate(resolve)))
  const first = await news.publish('one')
  const again = await news.publish('two', { idempotencyKey: 'x' })
  assert.deepEqual(await news.publish('two', { idempotencyKey: 'x' }), again)
  stop()
  await news.publish('three', { key: 'k' })
  assert.deepEqual(heard, [
    ['one', 1],
    ['two', 2],
  ])
  const page = await news.history({ after: first!, limit: 1 })
  assert.deepEqual(
    page.publications.map(({ message }) => message),
    ['two'],
  )
  assert.deepEqual([page.cursor.offset, page.head.offset, page.lost], [2, 3, null])
  const rest = await news.history({ after: page.cursor })
  assert.deepEqual(
    rest.publications.map(({ message, key }) => [message, key]),
    [['three', 'k']],
  )
})

test('without history there is no cursor and nothing to read', async () => {
  await using wire = await wireServer('memory', {})
  const plain = wire.server.topic('plain')
  assert.equal(await plain.publish('x'), null)
  await assert.rejects(plain.history(), { code: 'ERR_TOPIC_UNKNOWN' })
})

test("names that are Holdline's own, and patterns, are refused", async () => {
  await using wire = await wireServer('memory', {})
  for (const name of ['$presence', 'news.*', '']) {
    assert.throws(() => wire.server.topic(name), { code: 'ERR_TOPIC_NAME' })
    assert.throws(() => wire.server.publish(name, 'x'), { code: 'ERR_TOPIC_NAME' })
    assert.throws(() => wire.server.subscribe(name, () => {}), { code: 'ERR_TOPIC_NAME' })
  }
})
