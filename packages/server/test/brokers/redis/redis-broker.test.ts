// The broker on Redis where the contract does not ask: what Redis refuses, forgets and closes, against real servers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redis } from '../../../src/brokers/redis/index.ts'
import { AMPLE, BrokerParticipant, quiet, until } from '../../../src/testing/broker-participant.ts'
import { RedisServer } from './redis-server.ts'

const LIMIT = { count: 1_000, bytes: 1_000_000 }

test('a wrong password is told at the start', async () => {
  await using server = await RedisServer.start({ options: ['--requirepass', 'secret'] })
  const url = server.url.replace('//', '//:wrong@')
  const participant = new BrokerParticipant(redis({ url }))
  await assert.rejects(participant.start(), { code: 'ERR_BROKER_START', message: /WRONGPASS/ })
  await participant.broker.stop()
})

test('no server is told at the start, within five seconds', async () => {
  const participant = new BrokerParticipant(redis({ url: 'redis://127.0.0.1:1' }))
  const begunMs = performance.now()
  await assert.rejects(participant.start(), { code: 'ERR_BROKER_START', message: /ECONNREFUSED/ })
  assert.ok(performance.now() - begunMs < 5_000)
})

test('a replica is refused at the start; a server that becomes one refuses, and is left until it is none', async () => {
  await using primary = await RedisServer.start({ options: ['--repl-diskless-sync-delay', '0'] })
  await using replica = await RedisServer.start()
  // The replica has what a server would have that this broker has used.
  await withParticipant(primary, () => Promise.resolve())
  replica.cli('replicaof', primary.host, `${primary.port}`)
  const hasAll = (): Promise<void> =>
    until(
      () => replica.cli('info', 'replication').includes('master_link_status:up'),
      () => 'the replica to have the data of the primary',
    )
  await hasAll()
  const late = new BrokerParticipant(redis({ url: replica.url }))
  await assert.rejects(late.start(), { code: 'ERR_BROKER_START', message: /READONLY/ })
  await late.broker.stop()
  replica.cli('replicaof', 'no', 'one')
  await withParticipant(replica, async (participant) => {
    const first = await participant.append('t', 'first')
    replica.cli('replicaof', primary.host, `${primary.port}`)
    await assert.rejects(participant.append('t', 'x'), { code: 'ERR_BROKER_AWAY' })
    assert.equal(participant.interruptions.length, 1)
    await assert.rejects(participant.append('t', 'y'), { code: 'ERR_BROKER_AWAY' })
    await hasAll()
    replica.cli('replicaof', 'no', 'one')
    await backAgain(participant, 1)
    const next = await participant.append('t', 'next')
    // It took over the primary's data, which had nothing.
    assert.notEqual(next.epoch, first.epoch)
  })
})

test('a full memory is told to whoever appends, and nothing is added; what is there can be read', async () => {
  await using server = await RedisServer.start()
  await withParticipant(server, async (participant) => {
    const reader = await participant.reader('t')
    const first = await participant.append('t', 'first')
    server.cli('config', 'set', 'maxmemory', '1')
    for (const message of ['refused', 'x'.repeat(100_000)]) {
      await assert.rejects(participant.append('t', message, { idempotencyKey: 'k' }), {
        code: 'ERR_BROKER_REFUSED',
        message: /OOM .*memory/,
      })
    }
    await assert.rejects(participant.broker.attach('new', AMPLE), { code: 'ERR_BROKER_REFUSED' })
    const { head } = await participant.broker.read('t', 'start', LIMIT, AMPLE)
    assert.deepEqual(head, first)
    server.cli('config', 'set', 'maxmemory', '0')
    const next = await participant.append('t', 'next', { idempotencyKey: 'k' })
    assert.deepEqual(next, { epoch: first.epoch, offset: 2 })
    await until(
      () => reader.messages.length === 2,
      () => 'both',
    )
    assert.deepEqual(reader.messages, ['first', 'next'])
    assert.equal(participant.interruptions.length, 0)
  })
})

test('connections that an operator kills are made again, and nothing is missed', async () => {
  await using server = await RedisServer.start()
  await using elsewhere = await startedAt(server)
  await withParticipant(server, async (participant) => {
    const reader = await participant.reader('t')
    await participant.broker.attach('plain', null)
    await participant.broker.attach('news.*', null)
    for (let round = 1; round <= 3; round++) {
      server.cli('client', 'kill', 'type', 'pubsub')
      await elsewhere.participant.append('t', `${round}`)
      await backAgain(participant, round)
    }
    await until(
      () => reader.messages.length === 3,
      () => 'what was appended meanwhile',
    )
    assert.deepEqual(reader.messages, ['1', '2', '3'])
    await elsewhere.participant.broker.publish('plain', 'p')
    await elsewhere.participant.broker.publish('news.a', 'q')
    await until(
      () => participant.heard.length === 2,
      () => 'what is published now',
    )
  })
})

test('scripts that an operator deletes are loaded again', async () => {
  await using server = await RedisServer.start()
  await withParticipant(server, async (participant) => {
    const first = await participant.append('t', '1')
    server.cli('script', 'flush')
    await assert.rejects(participant.append('t', 'x'), {
      code: 'ERR_BROKER_AWAY',
      message: /NOSCRIPT/,
    })
    await backAgain(participant, 1)
    assert.deepEqual(await participant.append('t', '2'), { epoch: first.epoch, offset: 2 })
  })
})

test('a server that has forgotten what it acknowledged does not use its offsets again', async () => {
  await using server = await RedisServer.start()
  await withParticipant(server, async (participant) => {
    const reader = await participant.reader('t')
    for (let i = 1; i <= 5; i++) await participant.append('t', `${i}`)
    // As after a failover to a replica that was behind.
    server.cli('copy', 'holdline:{t}:head', 'head')
    server.cli('copy', 'holdline:{t}:log', 'log')
    for (let i = 6; i <= 8; i++) await participant.append('t', `${i}`)
    server.cli('rename', 'head', 'holdline:{t}:head')
    server.cli('rename', 'log', 'holdline:{t}:log')
    const { epoch } = reader.cursor
    const next = await participant.append('t', 'other')
    assert.notEqual(next.epoch, epoch)
    assert.equal(next.offset, 1)
    await until(
      () => reader.messages.at(-1) === 'other',
      () => 'the new epoch',
    )
    assert.deepEqual(
      reader.gaps.map(({ reason }) => reason),
      ['epoch'],
    )
  })
})

test('data that is deleted is noticed without a publication', async () => {
  await using server = await RedisServer.start()
  await withParticipant(server, async (participant) => {
    const reader = await participant.reader('t')
    await participant.append('t', '1')
    const { epoch } = reader.cursor
    server.cli('flushall')
    await backAgain(participant, 1)
    await until(
      () => reader.cursor.epoch !== epoch,
      () => 'another epoch',
    )
    assert.match(participant.interruptions[0]!.message, /has lost its data/)
    // The history of one topic only.
    const second = reader.cursor.epoch
    server.cli('del', 'holdline:{t}:head')
    await backAgain(participant, 2)
    await until(
      () => reader.cursor.epoch !== second,
      () => 'a third epoch',
    )
    assert.deepEqual(
      reader.gaps.map(({ reason }) => reason),
      ['epoch', 'epoch'],
    )
  })
})

test('what somebody else publishes on a channel is not told', async () => {
  await using server = await RedisServer.start()
  await withParticipant(server, async (participant) => {
    await participant.broker.attach('t', null)
    server.cli('publish', 'holdline:{t}', 'hello')
    server.cli('publish', 'holdline:{t}', 'ht broken\nx')
    await participant.broker.publish('t', 'ours')
    await until(
      () => participant.heard.length > 0,
      () => 'ours',
    )
    await quiet()
    assert.deepEqual(participant.heard, [['t', 'ours']])
    assert.deepEqual(participant.told, [])
  })
})

test('a pattern tells of what it matches, though Redis knows no parts', async () => {
  await using server = await RedisServer.start()
  await withParticipant(server, async (participant) => {
    const { broker, heard } = participant
    await broker.attach('news.*', null)
    await broker.attach('*.b.**', null)
    for (const topic of ['news.a.b', 'news.a', 'a.b', 'a.b.c', 'a.b.c.d', 'newsxa', 'news.z']) {
      await broker.publish(topic, topic)
    }
    await until(
      () => heard.at(-1)?.[0] === 'news.z',
      () => 'the last one',
    )
    const topics = heard.map(([topic]) => topic)
    assert.deepEqual(topics, ['news.a', 'a.b.c', 'a.b.c.d', 'news.z'])
  })
})

test('more than may wait is refused, and the rest is taken', async () => {
  await using server = await RedisServer.start()
  const participant = new BrokerParticipant(redis({ url: server.url, backlogBytes: 100_000 }))
  await participant.start()
  try {
    const asked = Array.from({ length: 50 }, () => participant.append('t', 'x'.repeat(10_000)))
    const settled = await Promise.allSettled(asked)
    const refused = settled.filter(({ status }) => status === 'rejected')
    assert.ok(refused.length >= 40 && refused.length < 50, `${refused.length} were refused`)
    for (const each of refused) {
      assert.equal((each as PromiseRejectedResult).reason.code, 'ERR_BROKER_BACKLOG')
    }
    assert.equal((await participant.append('t', 'x'.repeat(200_000))).offset, 51 - refused.length)
  } finally {
    await participant.broker.stop()
  }
})

async function startedAt(
  server: RedisServer,
): Promise<AsyncDisposable & { participant: BrokerParticipant }> {
  const participant = new BrokerParticipant(redis({ url: server.url }))
  await participant.start()
  return {
    participant,
    [Symbol.asyncDispose]() {
      participant.endReaders()
      return participant.broker.stop()
    },
  }
}

async function withParticipant(
  server: RedisServer,
  use: (participant: BrokerParticipant) => Promise<void>,
): Promise<void> {
  await using started = await startedAt(server)
  await use(started.participant)
}

/** It has said so often that the broker was away and is back. */
async function backAgain(participant: BrokerParticipant, times: number): Promise<void> {
  await until(
    () => participant.restoredCount === times && participant.interruptions.length === times,
    () =>
      `${times} times back; ${participant.interruptions.length} away, ${participant.restoredCount} back`,
  )
}
