import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { WebSocketServer, type RawData } from 'ws'
import { EchoLoad } from '../../src/load/echo-load.ts'

type Reply = (data: RawData) => Buffer

async function withServer(reply: Reply, play: (load: EchoLoad) => Promise<void>): Promise<void> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  server.on('connection', (connection) => {
    connection.on('message', (data, binary) => connection.send(reply(data), { binary }))
  })
  const load = new EchoLoad()
  try {
    await load.open((server.address() as AddressInfo).port, 8)
    await play(load)
  } finally {
    load.close()
    server.close()
  }
}

const echo: Reply = (data) => data as Buffer

for (const [kind, payloadBytes] of [
  ['binary', 20],
  ['text', 1024],
  ['binary', 70_000],
] as const) {
  test(`echoes of ${payloadBytes} bytes of ${kind} are verified, then counted`, async () => {
    await withServer(echo, async (load) => {
      await load.verify(kind, payloadBytes, 2)
      const round = await load.round(kind, payloadBytes, 30)
      assert.ok(round.messages >= 8, `${round.messages} messages`)
      assert.ok(round.elapsedMs >= 29 && round.generatorCpuUs > 0)
    })
  })
}

test('a server that changes one byte fails the verification', async () => {
  const change: Reply = (data) => {
    const bytes = Buffer.from(data as Buffer)
    bytes[7] = (bytes[7] ?? 0) ^ 1
    return bytes
  }
  await withServer(change, async (load) => {
    await assert.rejects(load.verify('binary', 20, 1), /byte 9 of the reply/)
    await assert.rejects(load.round('binary', 20, 10), /byte 9 of the reply/)
  })
})

test('a server that answers with a longer message fails the round', async () => {
  await withServer(
    () => Buffer.alloc(200),
    async (load) => {
      await assert.rejects(load.round('binary', 20, 10), /connection \d: /)
    },
  )
})
