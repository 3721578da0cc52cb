import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharedTopic } from '../src/shared-topic.ts'
import { script } from './script-line.ts'

test('one subscription for all who watch; presence when the first of them wants it; it ends with the last', async () => {
  const { line, server, connect, said } = script()
  server.topic('news')
  connect()
  const shared = sharedTopic(line, 'news')
  assert.equal(sharedTopic(line, 'news'), shared)
  let changes = 0
  const first = shared.watch(() => (changes += 1), { limit: 2 })
  await Promise.resolve()
  assert.equal(shared.snapshot().state, 'subscribed')
  for (const data of ['a', 'b', 'c']) server.publish('news', data)
  assert.deepEqual(
    shared.snapshot().messages.map(({ data }) => data),
    ['b', 'c'],
  )
  assert.ok(changes >= 4)
  const second = shared.watch(() => {}, { presence: true })
  await Promise.resolve()
  assert.deepEqual(
    said('subscribe').map(({ presence }) => presence),
    [false, true],
  )
  assert.deepEqual(said('subscribe')[1]?.['since'], {
    epoch: 'e1',
    offset: 3,
    proof: 'proof of e1',
  })
  first()
  await Promise.resolve()
  assert.equal(shared.snapshot().state, 'subscribed')
  second()
  await Promise.resolve()
  assert.equal(said('unsubscribe').length, 2)
  assert.deepEqual(shared.snapshot().messages, [])
  assert.notEqual(sharedTopic(line, 'news'), shared)
})

test('components that go and come in one turn, as under StrictMode, keep the subscription', async () => {
  const { line, server, connect, said } = script()
  server.topic('news')
  connect()
  const shared = sharedTopic(line, 'news')
  shared.watch(() => {}, {})()
  const stop = shared.watch(() => {}, {})
  await Promise.resolve()
  assert.equal(said('subscribe').length, 1)
  assert.equal(said('unsubscribe').length, 0)
  stop()
})

test('a line that is closed shows as an error, and throws nowhere', async () => {
  const { line } = script()
  line.close()
  const shared = sharedTopic(line, 'news')
  shared.watch(() => {}, {})
  await Promise.resolve()
  assert.equal(shared.snapshot().state, 'ended')
  assert.equal(shared.snapshot().error?.code, 'ERR_LINE_CLOSED')
})
