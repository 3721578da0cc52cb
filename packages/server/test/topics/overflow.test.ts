// A subscriber that reads too slowly: what it is sent under each policy, what it is told, what is kept for it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Overflow } from '../../src/connection/topic-hub.ts'
import { checkStream, TopicStand } from './topic-stand.ts'
import type { StandLine } from './topic-stand.ts'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

/** Bytes of array buffers that something holds. */
async function keptBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    gc()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return process.memoryUsage().arrayBuffers
}

const pad = 'x'.repeat(100)

/** A subscriber that has been sent the first publication, and takes nothing more; `count` more are published. */
async function slow(
  overflow: Overflow,
  count: number,
  topics: Record<string, object> = { news: { history: { count: 10_000, bytes: 1e8 } } },
): Promise<{ stand: TopicStand; line: StandLine; healthy: StandLine }> {
  const stand = await TopicStand.start(topics, { bufferedBytes: 4_000 })
  const line = await stand.line()
  const healthy = await stand.line()
  const asked = [line.subscribe('news', { overflow, lagBytes: 1_000 }), healthy.subscribe('news')]
  await stand.settle()
  await Promise.all(asked)
  line.peer.windowBytes = 0
  for (let i = 1; i <= count; i++) {
    void stand.server.topic('news').publish(`${i} ${pad}`, { key: `k${i % 3}` })
    await stand.settle()
  }
  return { stand, line, healthy }
}

async function reads({ stand, line }: { stand: TopicStand; line: StandLine }): Promise<void> {
  line.peer.windowBytes = Infinity
  await stand.pass(2_000)
}

test('dropOldest: it skips to what is within its bound, and is told of one gap', async () => {
  const it = await slow('dropOldest', 50)
  await reads(it)
  const { line, stand, healthy } = it
  checkStream(line, stand.broker)
  const gaps = line.gaps.map(({ from, to, count, reason }) => [
    from?.offset,
    to?.offset,
    count,
    reason,
  ])
  assert.equal(gaps.length, 1)
  const [from, to, count, reason] = gaps[0]!
  assert.deepEqual([from, count, reason], [1, Number(to) - 1, 'overflow'])
  assert.ok(Number(to) >= 40 && Number(to) < 50, String(to))
  assert.equal(line.story.at(-1), 50)
  assert.equal(healthy.story.length, 50)
  const { delivery } = await stand.server.stats()
  assert.equal(delivery.droppedOldest, count)
  await stand.end()
})

test('dropNewest: it is sent what it had within its bound, told of the gap, and goes on at the head', async () => {
  const it = await slow('dropNewest', 50)
  await reads(it)
  const { line, stand } = it
  checkStream(line, stand.broker)
  const [gap] = line.gaps
  assert.equal(line.gaps.length, 1)
  assert.deepEqual([gap!.to?.offset, gap!.reason], [50, 'overflow'])
  assert.equal(gap!.count, 50 - gap!.from!.offset)
  assert.ok(gap!.from!.offset >= 5 && gap!.from!.offset < 12)
  await stand.publish('news', 'next')
  assert.equal(line.story.at(-1), 51)
  const { delivery } = await stand.server.stats()
  assert.equal(delivery.droppedNewest, gap!.count)
  await stand.end()
})

test('conflate: it is sent the latest of each key, nothing that is the latest is lost', async () => {
  const it = await slow('conflate', 50)
  await reads(it)
  const { line, stand } = it
  checkStream(line, stand.broker)
  assert.deepEqual(line.story, [1, 48, 49, 50])
  assert.deepEqual(line.gaps, [])
  const { delivery } = await stand.server.stats()
  assert.equal(delivery.conflated, 46)
  await stand.publish('news', 'next')
  assert.equal(line.story.at(-1), 51)
  await stand.end()
})

test('conflate: keys beyond the bound are told as a gap', async () => {
  const topics = { news: { history: true, keys: 2 } }
  const it = await slow('conflate', 50, topics)
  await reads(it)
  const { line, stand } = it
  assert.deepEqual(line.story, [1, '1-48 overflow', 49, 50])
  assert.equal(line.gaps[0]?.count, null)
  await stand.end()
})

test('replay: it catches up from history at its own pace, without a gap or a duplicate', async () => {
  const it = await slow('replay', 50)
  await reads(it)
  const { line, stand } = it
  assert.deepEqual(
    line.story,
    Array.from({ length: 50 }, (_, i) => i + 1),
  )
  assert.deepEqual(line.gaps, [])
  await stand.publish('news', 'next')
  assert.equal(line.story.at(-1), 51)
  assert.equal((await stand.server.stats()).delivery.lagging, 0)
  await stand.end()
})

test('replay: what history has let go is told', async () => {
  const it = await slow('replay', 300, { news: { history: { count: 20 } } })
  await reads(it)
  const { line, stand } = it
  checkStream(line, stand.broker)
  assert.deepEqual(
    line.gaps.map(({ reason }) => reason),
    ['trimmed'],
  )
  assert.equal(line.story.at(-1), 300)
  await stand.end()
})

test('disconnect: it is closed with 1013, and can resume with its cursor', async () => {
  const it = await slow('disconnect', 50)
  await reads(it)
  const { line, stand } = it
  assert.equal(line.closeCode, 1013)
  assert.deepEqual(line.gaps, [])
  const at = checkStream(line, stand.broker)
  const again = await stand.line()
  const asked = again.subscribe('news', { since: at })
  await stand.settle()
  assert.deepEqual(await asked, { topic: 'news', cursor: at, recovered: true, reason: null })
  assert.equal(again.story[0], at.offset + 1)
  assert.equal(again.story.at(-1), 50)
  await stand.end()
})

test('block: publishers wait until it reads', async () => {
  const topics = { news: { history: true, blockMs: 1_000 } }
  const it = await slow('block', 12, topics)
  const { line, stand } = it
  let isTaken = false
  const publishing = stand.server
    .topic('news')
    .publish('held')
    .then(() => (isTaken = true))
  await stand.pass(300)
  assert.equal(isTaken, false)
  line.peer.windowBytes = Infinity
  await stand.pass(600)
  await publishing
  assert.equal(line.story.at(-1), 13)
  checkStream(line, stand.broker)
  const { delivery } = await stand.server.stats()
  assert.deepEqual([delivery.blocks, delivery.disconnected], [1, 0])
  await stand.end()
})

test('block: who does not read for blockMs is closed, and publishers go on; in their order', async () => {
  const topics = { news: { history: true, blockMs: 1_000 } }
  const { line, stand, healthy } = await slow('block', 12, topics)
  void stand.server.publish('news', 'a')
  void stand.server.publish('news', 'b')
  await stand.pass(2_000)
  assert.equal((await stand.server.stats()).delivery.disconnected, 1)
  void stand.server.publish('news', 'c')
  await stand.settle()
  assert.deepEqual(
    healthy.received.slice(-3).map((one) => (one.gap === undefined ? one.message : 'gap')),
    ['a', 'b', 'c'],
  )
  line.peer.windowBytes = Infinity
  await stand.pass(100)
  assert.equal(line.closeCode, 1013)
  await stand.end()
})

test('block: no more may wait than the topic may lag', async () => {
  const topics = { news: { history: true, blockMs: 60_000, lagBytes: 500 } }
  const { stand } = await slow('block', 12, topics)
  const first = stand.server.publish('news', 'x'.repeat(50))
  await assert.rejects(stand.server.publish('news', 'x'.repeat(600)), { code: 'ERR_TOPIC_HELD' })
  await stand.pass(61_000)
  await first
  await stand.end()
})

for (const overflow of ['dropOldest', 'dropNewest', 'conflate', 'replay'] as const) {
  test(`${overflow}: one that never reads keeps no more than its bound`, async () => {
    const { stand } = await slow(overflow, 30)
    const publish = async (count: number): Promise<number> => {
      for (let i = 0; i < count; i++) {
        await stand.server.topic('news').publish('x'.repeat(8_000), { key: 'k' })
        await stand.settle()
      }
      return keptBytes()
    }
    const before = await publish(100)
    // 3.2 MB; the history keeps texts, and those are no array buffers.
    const grown = (await publish(400)) - before
    assert.ok(grown < 1_000_000, `${grown} bytes`)
    await stand.end()
  })
}

test('without history too: dropOldest and conflate, with no cursor in what is told', async () => {
  for (const overflow of ['dropOldest', 'dropNewest', 'conflate'] as const) {
    const it = await slow(overflow, 50, {})
    await reads(it)
    const { line, stand } = it
    const texts = line.received.map((one) =>
      one.gap === undefined ? one.message.split(' ')[0] : 'gap',
    )
    assert.equal(texts[0], '1')
    assert.ok(texts.length < 25, overflow)
    if (overflow === 'conflate') assert.deepEqual(texts, ['1', '50'])
    else {
      assert.equal(texts.filter((text) => text === 'gap').length, 1)
      const [gap] = line.gaps
      assert.deepEqual([gap!.from, gap!.to, gap!.reason], [null, null, 'overflow'])
      assert.equal(gap!.count, 50 - (texts.length - 1))
    }
    await stand.end()
  }
})

test('conflate: a gap of the topic that it had not been told of is told all the same', async () => {
  const it = await slow('conflate', 3)
  const { line, stand } = it
  stand.broker.goAway()
  stand.broker.beginAnew()
  stand.broker.comeBack()
  for (let i = 1; i <= 20; i++) await stand.publish('news', `again ${i} ${pad}`)
  await reads(it)
  assert.deepEqual(checkStream(line, stand.broker), stand.broker.headOf('news'))
  assert.deepEqual(line.story, [1, '1-0 overflow', 20])
  await stand.end()
})
