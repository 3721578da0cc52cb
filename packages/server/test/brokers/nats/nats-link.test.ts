// The connection to NATS: away, back, and what waits for an answer.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectTcp, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { connect } from '@nats-io/transport-node'
import { inTime, NatsLink, unconfirmed } from '../../../src/brokers/nats/nats-link.ts'
import type { LinkListener } from '../../../src/brokers/nats/nats-link.ts'
import { HoldlineError } from '../../../src/protocol/errors.ts'
import { until } from '../../../src/testing/broker-participant.ts'
import { FaultyProxy } from '../faulty-proxy.ts'
import { NatsServer } from './nats-server.ts'

class Told implements LinkListener {
  readonly interruptions: Error[] = []
  restoredCount = 0

  interrupted(error: Error): void {
    this.interruptions.push(error)
  }

  restored(): void {
    this.restoredCount++
  }
}

let server: NatsServer
before(async () => {
  server = await NatsServer.start()
})
after(() => server.remove())

async function withProxy(
  work: (link: NatsLink, told: Told, proxy: FaultyProxy) => Promise<void>,
  backlogBytes = 1_000_000,
): Promise<void> {
  const proxy = await FaultyProxy.start(server)
  const told = new Told()
  const link = await NatsLink.open(
    {
      servers: proxy.address,
      client: { ignoreClusterUpdates: true },
      backlogBytes,
    },
    told,
  )
  try {
    await work(link, told, proxy)
  } finally {
    await link.stop()
    await proxy.stop()
  }
}

test('a lost connection is told once, refuses what is asked, and what waited is unconfirmed at once', async () => {
  await withProxy(async (link, told, proxy) => {
    const waits = link.ask(new Promise(() => {}), 100)
    proxy.cut()
    await assert.rejects(waits, { code: 'ERR_BROKER_UNCONFIRMED' })
    assert.equal(told.interruptions.length, 1)
    assert.equal((told.interruptions[0] as HoldlineError).code, 'ERR_BROKER_AWAY')
    assert.throws(() => link.checkRoom(0), { code: 'ERR_BROKER_AWAY' })
    await assert.rejects(link.flush(), { code: 'ERR_BROKER_AWAY' })
    proxy.heal()
    await until(
      () => told.restoredCount === 1,
      () => 'it to be back',
    )
    link.checkRoom(0)
    await link.flush()
    assert.equal(told.interruptions.length, 1)
  })
})

test('silence is noticed by itself, though megabytes are on their way; the next connection is made without waiting', async () => {
  const lines: Socket[] = []
  const proxy = createServer((inner) => {
    const outer = connectTcp(server.port, server.host)
    lines.push(inner, outer)
    inner.on('error', () => {}).pipe(outer)
    outer.on('error', () => {}).pipe(inner)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const { port } = proxy.address() as AddressInfo
  const told = new Told()
  const link = await NatsLink.open(
    {
      servers: `127.0.0.1:${port}`,
      client: { ignoreClusterUpdates: true },
      backlogBytes: 100_000_000,
    },
    told,
  )
  try {
    // This connection is read no more, for ever; others pass.
    for (const socket of lines) socket.unpipe().pause()
    const silentSince = performance.now()
    // More than the kernel's buffers take: the library would wait for them to be written.
    const sent = Array.from({ length: 40 }, () =>
      link.publish('t', new Uint8Array(900_000), link.newHeaders()),
    )
    for (const each of await Promise.allSettled(sent)) {
      assert.ok(each.status === 'rejected')
      assert.equal((each.reason as HoldlineError).code, 'ERR_BROKER_UNCONFIRMED')
    }
    assert.ok(performance.now() - silentSince < 5_000)
    await until(
      () => told.interruptions.length === 1 && told.restoredCount === 1,
      () => 'the silence to be told, and the end of it',
    )
    await link.flush()
  } finally {
    await link.stop()
    for (const socket of lines) socket.destroy()
    proxy.close()
  }
})

test('what waits is bounded, whoever waits; one is let through whatever its length', async () => {
  await withProxy(async (link) => {
    const answer = Promise.withResolvers<void>()
    link.checkRoom(5_000)
    const waits = link.ask(answer.promise, 900)
    link.checkRoom(100)
    assert.throws(() => link.checkRoom(101), { code: 'ERR_BROKER_BACKLOG' })
    assert.equal(link.isIdle, false)
    answer.resolve()
    await waits
    assert.equal(link.isIdle, true)
    const published = link.publish('t', new Uint8Array(900), link.newHeaders())
    assert.throws(() => link.checkRoom(101), { code: 'ERR_BROKER_BACKLOG' })
    await published
    link.checkRoom(1_000)
  }, 1_000)
})

test('a connection of the program is not closed, and one that is closed is refused', async () => {
  const connection = await connect({ servers: server.url })
  const link = await NatsLink.open({ connection }, new Told())
  await link.flush()
  await link.stop()
  assert.equal(connection.isClosed(), false)
  await connection.close()
  assert.throws(() => link.checkRoom(0), { code: 'ERR_BROKER_AWAY' })
  await assert.rejects(NatsLink.open({ connection }, new Told()), { code: 'ERR_BROKER_START' })
})

test('after stop nothing is told', async () => {
  const proxy = await FaultyProxy.start(server)
  const told = new Told()
  const link = await NatsLink.open({ servers: proxy.address }, told)
  await link.stop()
  await proxy.stop()
  assert.deepEqual([told.interruptions, told.restoredCount], [[], 0])
})

test('what takes too long rejects, and errors have a code', async () => {
  await assert.rejects(inTime(new Promise(() => {}), 10), /no answer for 10 ms/)
  assert.equal(await inTime(Promise.resolve(1), 10), 1)
  assert.equal(unconfirmed(new Error('x')).code, 'ERR_BROKER_UNCONFIRMED')
  const own = new HoldlineError('ERR_BROKER_AWAY')
  assert.equal(unconfirmed(own), own)
})
