// Topics that somebody is interested in: attached while they are, patterns, and a broker that goes away and comes back.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TopicStand } from './topic-stand.ts'

test('a topic is attached while somebody is subscribed or listens', async () => {
  const stand = await TopicStand.start({ news: { history: true } })
  const { attached } = stand.broker
  const line = await stand.line()
  void line.subscribe('news')
  const stop = stand.server.subscribe('news', () => {})
  await stand.settle()
  assert.ok(attached.has('news'))
  line.connection.unsubscribe('news')
  assert.ok(attached.has('news'))
  stop()
  assert.ok(!attached.has('news'))
  await stand.end()
})

test('for a listener it is attached again and again', async () => {
  const stand = await TopicStand.start({ news: { history: true } })
  stand.broker.attachError = new Error('no')
  const heard: (number | undefined)[] = []
  stand.server.subscribe('news', (_message, publication) => heard.push(publication?.offset))
  await stand.pass(2_500)
  stand.broker.attachError = null
  await stand.pass(1_000)
  await stand.publish('news', 'm1')
  assert.deepEqual(heard, [1])
  await stand.end()
})

test('a pattern brings what is published on the names that it matches, under their names', async () => {
  const stand = await TopicStand.start({ 'log.*': { history: true } })
  const line = await stand.line()
  void line.subscribe('*.a')
  await stand.settle()
  assert.ok(stand.broker.attached.has('*.a'))
  for (const topic of ['news.a', 'log.a', 'news.b', 'log.b', 'a']) await stand.publish(topic, 'm')
  assert.deepEqual(
    line.received.map((one) => (one.gap === undefined ? [one.topic, one.offset] : 'gap')),
    [
      ['news.a', 0],
      ['log.a', 1],
    ],
  )
  await stand.end()
})

test('a pattern takes publications of topics with history once, and tells of those it missed', async () => {
  const stand = await TopicStand.start({ 'log.*': { history: true } })
  const { broker } = stand
  const line = await stand.line()
  void line.subscribe('log.*')
  await stand.settle()
  await stand.publish('log.a', '1')
  broker.isPrompt = false
  await stand.publish('log.a', '2', '3')
  broker.lose(0)
  broker.tellTwice(0)
  broker.tellAll()
  await stand.settle()
  assert.deepEqual(line.story, [1, '1-2 broker', 3])
  await stand.end()
})

test('a broker without patterns refuses them', async () => {
  const stand = await TopicStand.start({})
  stand.broker.hasPatterns = false
  const line = await stand.line()
  await assert.rejects(line.subscribe('a.*'), { code: 'ERR_TOPIC_PATTERN' })
  await stand.end()
})

test('the broker was away: with history all of it comes, without there is a gap', async () => {
  const stand = await TopicStand.start({ log: { history: true } })
  const { broker } = stand
  const line = await stand.line()
  void line.subscribe('log')
  void line.subscribe('plain')
  await stand.settle()
  await stand.publish('log', '1')
  broker.isPrompt = false
  await stand.publish('log', '2', '3')
  broker.goAway()
  await assert.rejects(stand.server.publish('log', '4'), { code: 'ERR_BROKER_AWAY' })
  await stand.settle()
  broker.comeBack()
  await stand.settle()
  assert.deepEqual(new Set(line.story), new Set([1, 2, 3, 'undefined-undefined broker']))
  assert.deepEqual(
    line.gaps.map(({ topic, from, to, count, reason }) => [topic, from, to, count, reason]),
    [['plain', null, null, null, 'broker']],
  )
  await stand.end()
})

test('a broker that lost its history: told, and what it has now follows', async () => {
  const stand = await TopicStand.start({ log: { history: true } })
  const { broker } = stand
  const line = await stand.line()
  void line.subscribe('log')
  await stand.settle()
  await stand.publish('log', '1', '2')
  broker.goAway()
  broker.beginAnew()
  broker.comeBack()
  await stand.publish('log', '3')
  assert.deepEqual(line.story, [1, 2, '2-0 epoch', 1])
  assert.deepEqual(line.gaps[0]?.to?.epoch, broker.headOf('log')?.epoch)
  await stand.end()
})
