// The scripts keep what a history in memory keeps, offset by offset, in a real server; and what they do to its keys.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { redis } from '../../../src/brokers/redis/index.ts'
import { topicScripts } from '../../../src/brokers/redis/topic-scripts.ts'
import type { Script } from '../../../src/brokers/redis/topic-scripts.ts'
import { BrokerParticipant, appendOptions } from '../../../src/testing/broker-participant.ts'
import type { AppendOptions, Broker, Cursor, ReadResult } from '../../../src/topics/broker.ts'
import { History } from '../../../src/topics/history.ts'
import { RedisServer } from './redis-server.ts'

const HOUR_MS = 3_600_000
let server: RedisServer
let broker: Broker

before(async () => {
  server = await RedisServer.start()
  const participant = new BrokerParticipant(redis({ url: server.url, prefix: 's' }))
  await participant.start()
  broker = participant.broker
})

after(async () => {
  await broker.stop()
  await server.remove()
})

test('a script is called by the SHA-1 of its source', () => {
  for (const { source, sha } of Object.values(topicScripts) as Script[]) {
    assert.equal(sha, createHash('sha1').update(source).digest('hex'))
  }
})

test('whatever is appended and read under any retention, it is what a history in memory says', async (t) => {
  const seed = Date.now() & 0x7fffffff
  t.diagnostic(`seed ${seed}`)
  let topicCount = 0
  const step = fc.oneof(
    fc.record({ append: fc.nat(40), key: fc.option(fc.constantFrom('a', 'b')) }),
    fc.record({ read: fc.nat(30), count: fc.integer({ min: 1, max: 20 }), bytes: fc.nat(200) }),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 300 }),
      fc.array(step, { maxLength: 60 }),
      async (count, bytes, steps) => {
        const topic = `t${topicCount++}`
        const retention = { count, bytes, ageMs: HOUR_MS }
        const head = (await broker.attach(topic, retention))!
        const model = new History(retention, head.epoch)
        for (const each of steps) {
          if ('append' in each) {
            const options = appendOptions({ retention, idempotencyKey: each.key })
            const message = 'x'.repeat(each.append)
            const cursor = await broker.append(topic, message, options)
            assert.deepEqual(cursor, model.append(message, options, 1).cursor)
          } else {
            const limit = { count: each.count, bytes: each.bytes + 1 }
            const behind = { epoch: head.epoch, offset: each.read }
            for (const from of [behind, 'start'] as const) {
              const expected = model.read(from, limit, retention, 1)
              const actual = await broker.read(topic, from, limit, retention)
              assert.deepEqual(timeless(actual), timeless(expected))
            }
          }
        }
        broker.detach(topic)
      },
    ),
    { seed, numRuns: 60 },
  )
})

test('what nobody uses goes by itself, and what is used stays', async () => {
  const retention = { count: 10, bytes: 1_000, ageMs: 60_000 }
  await broker.attach('idle', retention)
  assert.ok(Number(server.cli('pttl', 's:{idle}:head')) > 86_400_000)
  await broker.append('idle', 'x', appendOptions({ retention, idempotencyKey: 'k' }))
  for (const key of ['s:{idle}:head', 's:{idle}:log']) {
    const ms = Number(server.cli('pttl', key))
    assert.ok(ms > 86_400_000 && ms <= 86_460_000, `${key} ${ms}`)
  }
  const onceMs = Number(server.cli('pttl', 's:{idle}:once:k'))
  assert.ok(onceMs > 115_000 && onceMs <= 120_000, `${onceMs}`)
})

test('a publication in the middle that an operator deleted is told as trimmed, and what is behind it can be read', async () => {
  const retention = { count: 100, bytes: 1_000, ageMs: HOUR_MS }
  const cursors: Cursor[] = []
  for (let i = 0; i < 6; i++)
    cursors.push(await broker.append('hole', `${i}`, appendOptions({ retention })))
  server.cli('xdel', 's:{hole}:log', '4-3')
  const limit = { count: 100, bytes: 1_000 }
  const first = await broker.read('hole', cursors[0]!, limit, retention)
  assert.deepEqual(first.lost === null && first.publications.map(({ message }) => message), [
    '1',
    '2',
  ])
  const second = await broker.read('hole', cursors[2]!, limit, retention)
  assert.ok(second.lost !== null)
  assert.equal(second.lost, 'trimmed')
  const rest = await broker.read('hole', second.start, limit, retention)
  assert.deepEqual(rest.lost === null && rest.publications.map(({ message }) => message), [
    '4',
    '5',
  ])
})

test('a log that is gone without its head is told as trimmed; offsets go on', async () => {
  const retention = { count: 100, bytes: 1_000, ageMs: HOUR_MS }
  const old = await broker.append('evicted', 'a', appendOptions({ retention }))
  const head = await broker.append('evicted', 'b', appendOptions({ retention }))
  server.cli('del', 's:{evicted}:log')
  const limit = { count: 100, bytes: 1_000 }
  const result = await broker.read('evicted', old, limit, retention)
  assert.deepEqual(result, { lost: 'trimmed', head, start: head })
  const next = await broker.append('evicted', 'c', appendOptions({ retention }))
  assert.deepEqual(next, { epoch: head.epoch, offset: head.offset + 1 })
  const again = await broker.read('evicted', head, limit, retention)
  assert.deepEqual(again.lost === null && again.publications.map(({ message }) => message), ['c'])
})

test('a head that is gone without its log begins another epoch, and nothing old is in it', async () => {
  const retention = { count: 100, bytes: 1_000, ageMs: HOUR_MS }
  const options = appendOptions({ retention })
  const keyed = (idempotencyKey: string): AppendOptions => ({ ...options, idempotencyKey })
  for (let i = 0; i < 5; i++) await broker.append('headless', 'old', options)
  await broker.append('headless', 'old', keyed('a'))
  const old = await broker.append('headless', 'old', keyed('b'))
  server.cli('del', 's:{headless}:head')
  // A retry of what was lost with the old history is added to the new one.
  const next = await broker.append('headless', 'new a', keyed('a'))
  assert.notEqual(next.epoch, old.epoch)
  assert.equal(next.offset, 1)
  const second = await broker.append('headless', 'new b', keyed('b'))
  assert.deepEqual(second, { epoch: next.epoch, offset: 2 })
  const result = await broker.read('headless', 'start', { count: 9, bytes: 99 }, retention)
  assert.deepEqual(result.lost === null && result.publications.map(({ message }) => message), [
    'new a',
    'new b',
  ])
})

test('the newest stays, however long it is and however many go for it', async () => {
  const retention = { count: 100, bytes: 50, ageMs: HOUR_MS }
  for (let older = 0; older < 12; older++) {
    const topic = `newest${older}`
    for (let i = 0; i < older; i++) await broker.append(topic, 'x', appendOptions({ retention }))
    const long = await broker.append(topic, 'x'.repeat(1_000), appendOptions({ retention }))
    const result = await broker.read(topic, 'start', { count: 99, bytes: 9_999 }, retention)
    assert.deepEqual(result.lost === null && result.publications.map(({ offset }) => offset), [
      long.offset,
    ])
  }
})

function timeless(result: ReadResult): unknown {
  if (result.lost !== null) return result
  const publications = result.publications.map(({ timeMs, ...rest }) => ({
    ...rest,
    isTimed: timeMs > 0,
  }))
  return { ...result, publications }
}
