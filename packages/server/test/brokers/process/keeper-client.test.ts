import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeeperBatch } from '../../../src/brokers/process/keeper-frame.ts'
import { HoldlineError } from '../../../src/protocol/errors.ts'
import type { AppendOptions, ReadResult, Retention } from '../../../src/topics/broker.ts'
import { MeshStand } from '../mesh-stand.ts'
import { RawKeeper } from './raw-keeper.ts'
import { RawProcess } from './raw-process.ts'

const retention: Retention = { count: 100, bytes: 100_000, ageMs: 1_000 }
const plain: AppendOptions = { key: null, idempotencyKey: null, retention }
const limit = { count: 10, bytes: 1_000 }
const head = { epoch: 'e', offset: 7 }
const page: ReadResult = { lost: null, publications: [], head }

function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: HoldlineError) => error.code,
  )
}

test('what a turn asks leaves in one write, and its answers go to who asked', async (t) => {
  const { keeper, broker, told } = await RawKeeper.with(MeshStand.for(t), 1)
  const before = keeper.chunks
  const appended = broker.append('t', 'x', plain)
  const attached = broker.attach('t', retention)
  const pattern = broker.attach('n.*', null)
  const read = broker.read('t', 'start', limit, retention)
  broker.detach('t')
  await keeper.isAsked(5)
  assert.equal(keeper.chunks - before, 1)
  assert.equal(await broker.attach('without history', null), null)
  assert.equal(keeper.asked.length, 5)
  keeper.says((batch) => {
    batch.cursor(head)
    batch.appended('t', 'e', { offset: 7, previous: 0, message: 'x', key: null, timeMs: 1 })
    batch.cursor({ ...head, offset: 8 })
    batch.cursor(null)
    batch.page(page)
  })
  assert.deepEqual(await appended, head)
  assert.deepEqual(await attached, { ...head, offset: 8 })
  assert.equal(await pattern, null)
  assert.deepEqual(await read, page)
  assert.deepEqual(told, ['t 7'])
})

test('what the keeper has no room for is refused with its code, whatever was asked', async (t) => {
  const { keeper, broker } = await RawKeeper.with(MeshStand.for(t), 1)
  const asked = [
    codeOf(broker.append('t', 'x', plain)),
    codeOf(broker.attach('t', retention)),
    codeOf(broker.read('t', 'start', limit, retention)),
    codeOf(broker.append('u', 'x', plain)),
  ]
  await keeper.isAsked(4)
  keeper.says((batch) => {
    for (let i = 0; i < 3; i++) batch.refused('ERR_TOPIC_LIMIT')
    batch.cursor(head)
  })
  const limited = ['ERR_TOPIC_LIMIT', 'ERR_TOPIC_LIMIT', 'ERR_TOPIC_LIMIT']
  assert.deepEqual(await Promise.all(asked), [...limited, 'done'])
})

test('a keeper that is silent: what was asked is refused in time, and its late answers go to nobody', async (t) => {
  const { keeper, broker, told } = await RawKeeper.with(MeshStand.for(t), 1, { answerMs: 60 })
  const asked = [
    codeOf(broker.append('t', 'x', plain)),
    codeOf(broker.attach('t', retention)),
    codeOf(broker.read('t', 'start', limit, retention)),
  ]
  assert.deepEqual(await Promise.all(asked), [
    'ERR_BROKER_UNCONFIRMED',
    'ERR_BROKER_AWAY',
    'ERR_BROKER_AWAY',
  ])
  const next = broker.append('t', 'y', plain)
  await keeper.isAsked(4)
  keeper.says((batch) => {
    batch.cursor({ ...head, offset: 1 })
    batch.cursor({ ...head, offset: 1 })
    batch.page(page)
    batch.cursor({ ...head, offset: 2 })
  })
  assert.deepEqual(await next, { ...head, offset: 2 })
  assert.deepEqual(told, [])
})

test('what is not answered is bounded: beyond it publications are refused; a long one is taken when nothing waits', async (t) => {
  const options = { backlogBytes: 10_000 }
  const { keeper, broker } = await RawKeeper.with(MeshStand.for(t), 1, options)
  const long = broker.append('t', 'x'.repeat(50_000), plain)
  assert.equal(await codeOf(broker.append('t', 'x', plain)), 'ERR_BROKER_BACKLOG')
  assert.equal(await codeOf(broker.attach('t', retention)), 'ERR_BROKER_BACKLOG')
  await keeper.isAsked(1)
  keeper.says((batch) => batch.cursor(head))
  await long
  const taken: Promise<string>[] = []
  for (let i = 0; i < 1_000; i++) taken.push(codeOf(broker.append('t', 'x'.repeat(50), plain)))
  const refused = Promise.all(taken.slice(500))
  assert.deepEqual(new Set(await refused), new Set(['ERR_BROKER_BACKLOG']))
})

test('a keeper that ends: what waits is refused, it is told once, and from then on all is refused at once', async (t) => {
  const { keeper, broker, told } = await RawKeeper.with(MeshStand.for(t), 1)
  const appended = codeOf(broker.append('t', 'x', plain))
  const reads = Array.from({ length: 40 }, (_, i) =>
    codeOf(broker.read('t', { ...head, offset: i }, limit, retention)),
  )
  await keeper.isAsked(17)
  await keeper.ends()
  assert.equal(await appended, 'ERR_BROKER_UNCONFIRMED')
  assert.deepEqual(new Set(await Promise.all(reads)), new Set(['ERR_BROKER_AWAY']))
  assert.equal(told.length, 1)
  assert.ok(told[0] instanceof HoldlineError && told[0].code === 'ERR_BROKER_AWAY')
  for (const asked of [
    broker.append('t', 'x', plain),
    broker.attach('t', retention),
    broker.read('t', 'start', limit, retention),
  ]) {
    assert.equal(await codeOf(asked), 'ERR_BROKER_AWAY')
  }
  broker.detach('t')
})

test('sixteen pages are asked for at a time; the others when those have come', async (t) => {
  const { keeper, broker } = await RawKeeper.with(MeshStand.for(t), 1)
  const reads = Array.from({ length: 40 }, (_, i) =>
    broker.read('t', { ...head, offset: i }, limit, retention),
  )
  // An append behind them, so that all that would be asked has been.
  void codeOf(broker.append('t', 'x', plain))
  await keeper.isAsked(17)
  assert.equal(keeper.asked.length, 17)
  keeper.says((batch) => {
    for (let i = 0; i < 16; i++) batch.page(page)
    batch.cursor(head)
  })
  await keeper.isAsked(33)
  keeper.says((batch) => {
    for (let i = 0; i < 16; i++) batch.page(page)
  })
  await keeper.isAsked(41)
  keeper.says((batch) => {
    for (let i = 0; i < 8; i++) batch.page(page)
  })
  assert.equal((await Promise.all(reads)).length, 40)
})

for (const [what, write] of [
  ['an answer to nothing', (batch: KeeperBatch) => batch.cursor(head)],
  [
    'another answer than was asked for',
    (batch: KeeperBatch) => {
      batch.cursor(head)
      batch.page(page)
    },
  ],
  ['a request', (batch: KeeperBatch) => batch.detach('t')],
] as const) {
  test(`a keeper that says ${what} is given up`, async (t) => {
    const stand = MeshStand.for(t)
    const { keeper, broker } = await RawKeeper.with(stand, 1)
    if (what.startsWith('another')) {
      void codeOf(broker.append('t', 'x', plain))
      void codeOf(broker.append('t', 'x', plain))
      await keeper.isAsked(2)
    }
    const lost = stand.nextLost()
    keeper.says(write)
    await lost
    assert.deepEqual(stand.lost, ['1 lost 0: frame'])
  })
}

test('who speaks as the keeper and is not is given up', async (t) => {
  const stand = MeshStand.for(t)
  const { broker, told } = await RawKeeper.with(stand, 1)
  const stranger = new RawProcess(stand, 2)
  await stranger.call(1)
  const batch = new KeeperBatch()
  batch.appended('t', 'e', { offset: 7, previous: 0, message: 'x', key: null, timeMs: 1 })
  const lost = stand.nextLost()
  const asked = codeOf(broker.append('t', 'x', plain))
  stranger.outgoing!.write(batch.take())
  await lost
  assert.deepEqual([stand.lost, told], [['1 lost 2: frame'], []])
  await broker.stop()
  assert.equal(await asked, 'ERR_BROKER_UNCONFIRMED')
})

test('stop waits for answers, a second at most, and nothing is told meanwhile', async (t) => {
  const { keeper, broker, told } = await RawKeeper.with(MeshStand.for(t), 1)
  const first = codeOf(broker.append('t', 'x', plain))
  const second = codeOf(broker.append('t', 'y', plain))
  const stopped = broker.stop()
  await keeper.isAsked(2)
  keeper.says((batch) => {
    batch.cursor(head)
    batch.appended('t', 'e', { offset: 7, previous: 0, message: 'x', key: null, timeMs: 1 })
  })
  assert.equal(await first, 'done')
  const beganAt = performance.now()
  await stopped
  assert.ok(performance.now() - beganAt < 3_000)
  assert.equal(await second, 'ERR_BROKER_UNCONFIRMED')
  assert.deepEqual(told, [])
})
