// What the broker on NATS does beyond the contract of brokers, against a real nats-server.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { connect } from '@nats-io/transport-node'
import { NatsBroker } from '../../../src/brokers/nats/nats-broker.ts'
import { HoldlineError } from '../../../src/protocol/errors.ts'
import { AMPLE, appendOptions, until } from '../../../src/testing/broker-participant.ts'
import { NatsServer } from './nats-server.ts'
import { RecordingSink } from './recording-sink.ts'

let server: NatsServer
before(async () => {
  server = await NatsServer.start()
})
after(() => server.remove())

let prefixes = 0

function newPrefix(): string {
  return `test-${++prefixes}`
}

test('a connection of the program is used, and stays open', async () => {
  const connection = await connect({ servers: server.url })
  const broker = new NatsBroker({ connection, prefix: newPrefix() })
  const sink = new RecordingSink()
  await broker.start(sink)
  await broker.attach('t', null)
  await broker.publish('t', 'hello')
  await until(
    () => sink.heard.length === 1,
    () => 'it to be heard',
  )
  await broker.stop()
  assert.equal(connection.isClosed(), false)
  await connection.flush()
  await connection.close()
  await assert.rejects(new NatsBroker({ connection }).start(new RecordingSink()), {
    code: 'ERR_BROKER_START',
  })
})

test('programs in other languages publish plain text, and are heard and kept', async () => {
  const prefix = newPrefix()
  await using connection = await connect({ servers: server.url })
  const broker = new NatsBroker({ servers: server.url, prefix })
  const sink = new RecordingSink()
  await broker.start(sink)
  try {
    await broker.attach('plain', null)
    const head = await broker.attach('kept', AMPLE)
    connection.publish(`${prefix}.pub.plain`, 'from elsewhere')
    connection.publish(`${prefix}.log.kept`, 'kept too')
    await until(
      () => sink.heard.length === 1 && sink.told.length === 1,
      () => 'both',
    )
    assert.deepEqual(sink.heard, ['plain from elsewhere'])
    const { timeMs, ...publication } = sink.told[0]!.publication
    assert.deepEqual(publication, { offset: 1, previous: 0, message: 'kept too', key: null })
    assert.ok(timeMs > 0)
    assert.equal(sink.told[0]!.epoch, head!.epoch)
  } finally {
    await broker.stop()
  }
})

test('patterns match no topic of Holdline itself, and servers of another prefix are not heard', async () => {
  const prefix = newPrefix()
  const [one, other] = [
    new NatsBroker({ servers: server.url, prefix }),
    new NatsBroker({ servers: server.url, prefix: newPrefix() }),
  ]
  const sink = new RecordingSink()
  await one.start(sink)
  await other.start(new RecordingSink())
  try {
    await one.attach('**', null)
    await one.publish('$presence', 'own')
    await one.append('$kept', 'own', appendOptions())
    await other.publish('t', 'other')
    await one.publish('t', 'mine')
    await until(
      () => sink.heard.length > 0,
      () => 'mine',
    )
    assert.deepEqual([sink.heard, sink.told], [['t mine'], []])
  } finally {
    await one.stop()
    await other.stop()
  }
})

test('without JetStream it says what to do; with jetstream: false topics without history pass', async () => {
  await using bare = await NatsServer.start({ jetstream: false })
  await assert.rejects(
    new NatsBroker({ servers: bare.url }).start(new RecordingSink()),
    (error: unknown) =>
      error instanceof HoldlineError &&
      error.code === 'ERR_BROKER_START' &&
      /nats-server with -js.*jetstream: false/.test(error.message),
  )
  const broker = new NatsBroker({ servers: bare.url, jetstream: false })
  const sink = new RecordingSink()
  await broker.start(sink)
  try {
    await broker.attach('t', null)
    await broker.publish('t', 'x')
    await until(
      () => sink.heard.length === 1,
      () => 'it to be heard',
    )
    const refused = { code: 'ERR_BROKER_REFUSED' }
    await assert.rejects(broker.append('t', 'x', appendOptions()), refused)
    await assert.rejects(broker.attach('t', AMPLE), refused)
  } finally {
    await broker.stop()
  }
})

test('no server, and a wrong password, fail the start within seconds', async () => {
  await using guarded = await NatsServer.start({
    configuration: 'authorization { user: a, password: b }',
  })
  const started = performance.now()
  const failed = { code: 'ERR_BROKER_START' }
  const sink = new RecordingSink()
  await assert.rejects(new NatsBroker({ servers: '127.0.0.1:1' }).start(sink), failed)
  const wrong = new NatsBroker({ servers: guarded.url, user: 'a', pass: 'wrong' })
  await assert.rejects(wrong.start(sink), failed)
  assert.ok(performance.now() - started < 5_000)
  const right = new NatsBroker({ servers: guarded.url, user: 'a', pass: 'b' })
  await right.start(sink)
  await right.append('t', 'x', appendOptions())
  await right.stop()
  await wrong.stop()
})

test('what the account may not do is refused with the reason, and the rest goes on', async () => {
  await using guarded = await NatsServer.start({
    configuration: `authorization { users = [ { user: a, password: b, permissions: {
      publish: { deny: ["holdline.log.no", "holdline.pub.no"] },
      subscribe: { deny: ["holdline.live.deaf"] } } } ] }`,
  })
  const broker = new NatsBroker({ servers: guarded.url, user: 'a', pass: 'b' })
  const sink = new RecordingSink()
  await broker.start(sink)
  try {
    const refused = { code: 'ERR_BROKER_REFUSED' }
    const asked = performance.now()
    await assert.rejects(broker.append('no', 'x', appendOptions()), refused)
    await assert.rejects(broker.attach('deaf', AMPLE), refused)
    await assert.rejects(broker.publish('no', 'x'), refused)
    assert.ok(performance.now() - asked < 2_000)
    await broker.append('yes', 'x', appendOptions())
    assert.deepEqual(sink.interruptions, [])
  } finally {
    await broker.stop()
  }
})

test('a message that is longer than the server carries is refused', async () => {
  const broker = new NatsBroker({ servers: server.url, prefix: newPrefix() })
  await broker.start(new RecordingSink())
  try {
    const big = new Uint8Array(2_000_000)
    const refused = { code: 'ERR_BROKER_REFUSED' }
    await assert.rejects(broker.append('t', big, appendOptions()), refused)
    await assert.rejects(broker.publish('t', big), refused)
    assert.equal((await broker.append('t', 'small', appendOptions())).offset, 1)
  } finally {
    await broker.stop()
  }
})
