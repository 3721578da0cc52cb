// Reading history at one's own pace: pages, a broker that fails meanwhile, and joining the window again.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PublicationFormat } from '../../src/connection/topic-hub.ts'
import { checkStream, TopicStand } from './topic-stand.ts'

async function resuming(
  count: number,
  length = 1_000,
): Promise<{ stand: TopicStand; epoch: string }> {
  const stand = await TopicStand.start({ news: { history: { count: 5_000, bytes: 1e8 } } })
  for (let i = 0; i < count; i++) await stand.server.publish('news', 'x'.repeat(length))
  return { stand, epoch: stand.broker.headOf('news')!.epoch }
}

test('one page at a time: the next is read when this one is sent, and a slow one is not read for', async () => {
  const { stand, epoch } = await resuming(400)
  const line = await stand.line()
  line.peer.windowBytes = 0
  void line.subscribe('news', { since: { epoch, offset: 0 } })
  await stand.pass(5_000)
  // One under way, one ready.
  const { length } = stand.broker.reads
  assert.ok(length <= 3, String(length))
  line.peer.windowBytes = Infinity
  await stand.pass(5_000)
  assert.equal(checkStream(line, stand.broker).offset, 400)
  const { delivery } = await stand.server.stats()
  assert.deepEqual([delivery.catchUps, delivery.lagging, delivery.gaps], [1, 0, 0])
  assert.ok(delivery.pages >= 6)
  await stand.publish('news', 'next')
  assert.equal(line.story.at(-1), 401)
  await stand.end()
})

test('who comes back at the same time from the same place is given one page, encoded once', async () => {
  const { stand, epoch } = await resuming(10)
  let encodeCount = 0
  const formatOf = (name: string): PublicationFormat => ({
    name,
    encode: (_topic, { message }) => {
      encodeCount++
      return `${name} ${String(message)}`
    },
    gap: () => null,
  })
  const one = formatOf('one')
  const lines = [await stand.line(), await stand.line(), await stand.line()]
  for (const [at, line] of lines.entries()) {
    void line.subscribe('news', {
      since: { epoch, offset: 0 },
      format: at < 2 ? one : formatOf('another'),
    })
  }
  await stand.settle()
  assert.equal(encodeCount, 20)
  assert.deepEqual(
    lines.map(({ texts }) => [texts.length, texts[0]!.slice(0, 5)]),
    [
      [10, 'one x'],
      [10, 'one x'],
      [10, 'anoth'],
    ],
  )
  await stand.end()
})

test('a read that fails is tried again', async () => {
  const { stand, epoch } = await resuming(200)
  const { broker } = stand
  const line = await stand.line()
  line.peer.windowBytes = 0
  void line.subscribe('news', { since: { epoch, offset: 0 } })
  await stand.settle()
  broker.goAway()
  line.peer.windowBytes = Infinity
  await stand.pass(2_000)
  assert.ok(line.story.length < 200)
  broker.comeBack()
  await stand.pass(2_000)
  assert.equal(checkStream(line, broker).offset, 200)
  await stand.end()
})

test('what is trimmed while it reads is told, and it goes on', async () => {
  const stand = await TopicStand.start({ news: { history: { count: 100 } } })
  await stand.publish('news', ...Array.from({ length: 100 }, () => 'x'.repeat(2_000)))
  const { epoch } = stand.broker.headOf('news')!
  const line = await stand.line()
  line.peer.windowBytes = 0
  void line.subscribe('news', { since: { epoch, offset: 0 }, lagBytes: 1_000, overflow: 'replay' })
  await stand.settle()
  for (let i = 0; i < 300; i++) await stand.publish('news', 'y'.repeat(500))
  line.peer.windowBytes = Infinity
  await stand.pass(5_000)
  assert.deepEqual(checkStream(line, stand.broker), { epoch, offset: 400 })
  assert.deepEqual(
    line.gaps.map(({ reason }) => reason),
    ['trimmed'],
  )
  await stand.end()
})

test('who leaves while it reads is forgotten', async () => {
  const { stand, epoch } = await resuming(300)
  const line = await stand.line()
  line.peer.windowBytes = 0
  void line.subscribe('news', { since: { epoch, offset: 0 } })
  await stand.settle()
  stand.broker.goAway()
  line.connection.terminate()
  await stand.pass(3_000)
  assert.equal((await stand.server.stats()).subscriptions, 0)
  await stand.end()
})
