import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import { Load } from '../../src/load/load.ts'
import { NodeLoad } from '../../src/load/node-load.ts'

type Answer = (data: RawData) => Buffer

const echo: Answer = (data) => data as Buffer

interface Stand {
  readonly load: Load
  readonly port: number
  readonly server: WebSocketServer
}

/** A server in this process, which only the generator on node:net can share a process with. */
async function withServer(answer: Answer, play: (stand: Stand) => Promise<void>): Promise<void> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const paths = new Map<WebSocket, string>()
  server.on('connection', (connection, request) => {
    paths.set(connection, request.url!)
    connection.on('error', () => {})
    connection.on('message', (data, binary) => {
      const own = paths.get(connection)!
      for (const other of own === '/' ? [connection] : server.clients) {
        if (paths.get(other) === own) other.send(answer(data), { binary })
      }
    })
  })
  const engine = new NodeLoad()
  try {
    const { port } = server.address() as AddressInfo
    await play({ load: new Load(engine), port, server })
  } finally {
    engine.dispose()
    for (const client of server.clients) client.terminate()
    server.close()
  }
}

for (const [kind, payloadBytes] of [
  ['binary', 20],
  ['text', 1024],
  ['binary', 70_000],
] as const) {
  test(`echoes of ${payloadBytes} bytes of ${kind} are verified, then counted`, async () => {
    await withServer(echo, async ({ load, port }) => {
      await load.open({ port, dialect: 'plain', connectionCount: 8, topicCount: 0 })
      await load.verify({ kind, payloadBytes, messageCount: 2 })
      const round = await load.echo({ kind, payloadBytes, window: 2, roundMs: 30 })
      assert.ok(round.messages >= 16, `${round.messages} messages`)
      assert.ok(round.elapsedMs >= 29 && round.generatorCpuUs > 0)
    })
  })
}

test('publications reach every subscriber of their topic', async () => {
  await withServer(echo, async ({ load, port }) => {
    const message = { kind: 'binary', payloadBytes: 64 } as const
    await load.open({ port, dialect: 'plain', connectionCount: 9, topicCount: 3 })
    await load.verify({ ...message, messageCount: 2 })
    const round = await load.publish({ ...message, inFlight: 2, roundMs: 30 })
    assert.equal(round.deliveries, round.publications * 3)
    assert.ok(round.publications >= 6)
  })
})

test('a schedule is kept: so many messages in so much time', async () => {
  await withServer(echo, async ({ load, port }) => {
    await load.open({ port, dialect: 'plain', connectionCount: 4, topicCount: 0 })
    const message = { kind: 'binary', payloadBytes: 20 } as const
    const round = await load.paced({ ...message, messagesPerSecond: 1000, roundMs: 100 })
    assert.equal(round.messages, 100)
    assert.ok(round.elapsedMs >= 95)
    assert.ok(round.p50Us > 0 && round.p50Us <= round.p99Us && round.p99Us <= round.highestUs)
  })
})

test('after a storm all are back; handshakes are counted', async () => {
  await withServer(echo, async ({ load, port, server }) => {
    await load.open({ port, dialect: 'plain', connectionCount: 20, topicCount: 0 })
    let openedCount = 0
    server.on('connection', () => openedCount++)
    await load.storm()
    assert.equal(openedCount, 20)
    await load.verify({ kind: 'binary', payloadBytes: 20, messageCount: 1 })
    await load.close()
    openedCount = 0
    const options = { port, dialect: 'plain', atOnce: 4, roundMs: 30 } as const
    const { handshakes } = await load.handshakes(options)
    assert.ok(handshakes >= 4)
    assert.equal(openedCount, handshakes)
  })
})

test('a server that changes one byte fails the verification, and all that follows', async () => {
  const change: Answer = (data) => {
    const bytes = Buffer.from(data as Buffer)
    bytes[7] = bytes[7] ^ 1
    return bytes
  }
  await withServer(change, async ({ load, port }) => {
    await load.open({ port, dialect: 'plain', connectionCount: 8, topicCount: 0 })
    const message = { kind: 'binary', payloadBytes: 20 } as const
    await assert.rejects(load.verify({ ...message, messageCount: 1 }), /byte 9 of the reply/)
    const next = load.echo({ ...message, window: 1, roundMs: 10 })
    await assert.rejects(next, /byte 9 of the reply/)
  })
})

test('a server that closes a connection fails the round', async () => {
  await withServer(echo, async ({ load, port, server }) => {
    await load.open({ port, dialect: 'plain', connectionCount: 2, topicCount: 0 })
    const round = load.echo({ kind: 'binary', payloadBytes: 20, window: 1, roundMs: 5000 })
    for (const client of server.clients) client.terminate()
    await assert.rejects(round, /connection \d: /)
  })
})
