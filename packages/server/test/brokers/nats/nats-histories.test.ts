// Histories in JetStream, against a real nats-server: what the contract of brokers does not ask.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AMPLE, appendOptions } from '../../../src/testing/broker-participant.ts'
import { withBrokers } from './nats-brokers.ts'
import { NatsServer } from './nats-server.ts'

const PAGE = { count: 100, bytes: 100_000 }

let server: NatsServer
before(async () => {
  server = await NatsServer.start()
})
after(() => server.remove())

test('a history in a file is there after SIGKILL, with its epoch and its retries; one in memory begins anew', async () => {
  await using own = await NatsServer.start()
  for (const storage of ['file', 'memory'] as const) {
    await withBrokers(
      own,
      1,
      async ([broker]) => {
        const options = appendOptions({ idempotencyKey: 'once' })
        const first = await broker!.append('t', 'one', options)
        await own.kill()
        await own.start()
        const answers = await patiently(() => broker!.append('t', 'one', options))
        if (storage === 'file') assert.deepEqual(answers, first)
        else assert.notEqual(answers.epoch, first.epoch)
        const result = await broker!.read('t', first, PAGE, AMPLE)
        assert.equal(result.lost, storage === 'file' ? null : 'epoch')
      },
      { storage },
    )
  }
})

test('what is published in one turn while the stream is being made keeps its order', async () => {
  await withBrokers(server, 1, async ([broker]) => {
    const messages = Array.from({ length: 50 }, (_, i) => `${i}`)
    await Promise.all(messages.map((message) => broker!.append('t', message, appendOptions())))
    const result = await broker!.read('t', 'start', PAGE, AMPLE)
    assert.ok(result.lost === null)
    assert.deepEqual(
      result.publications.map(({ message }) => message),
      messages,
    )
  })
})

test('a publication that an operator deletes is a told hole, and what comes behind it is served', async () => {
  await withBrokers(server, 1, async ([broker], names) => {
    for (let i = 1; i <= 5; i++) await broker!.append('t', `${i}`, appendOptions())
    await server.operate(async (streams) =>
      streams.deleteMessage(await streams.find(names.log('t')), 3),
    )
    const first = await broker!.read('t', 'start', PAGE, AMPLE)
    assert.ok(first.lost === null)
    assert.deepEqual(
      first.publications.map(({ message }) => message),
      ['1', '2'],
    )
    const behind = { epoch: first.head.epoch, offset: 2 }
    const hole = await broker!.read('t', behind, PAGE, AMPLE)
    assert.ok(hole.lost === 'trimmed')
    assert.equal(hole.start.offset, 3)
    const rest = await broker!.read('t', hole.start, PAGE, AMPLE)
    assert.ok(rest.lost === null)
    assert.deepEqual(
      rest.publications.map(({ offset }) => offset),
      [4, 5],
    )
  })
})

test('a retry is known for two minutes though the topic keeps its publications for a second', async () => {
  await withBrokers(server, 1, async ([broker]) => {
    const retention = { ...AMPLE, ageMs: 500 }
    const options = appendOptions({ retention, idempotencyKey: 'once' })
    const first = await broker!.append('t', 'one', options)
    await new Promise((resolve) => setTimeout(resolve, 700))
    assert.deepEqual(await broker!.append('t', 'one', options), first)
    const gone = await broker!.read('t', { ...first, offset: 0 }, PAGE, retention)
    assert.equal(gone.lost, 'expired')
  })
})

async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + 5_000
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (performance.now() > giveUpAt) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
