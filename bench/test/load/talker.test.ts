import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { WebSocketServer } from 'ws'
import { Talker } from '../../src/load/talker.ts'

async function withServer(use: (url: string) => Promise<void>): Promise<void> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  server.on('connection', (connection) => {
    connection.on('message', (data: Buffer) => {
      const text = data.toString()
      if (text === 'close') connection.close(4000)
      else if (text !== 'silence') connection.send(text)
    })
  })
  try {
    await use(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    for (const client of server.clients) client.terminate()
    server.close()
  }
}

test('an answer is timed; silence and the end of the line are told apart from it', () =>
  withServer(async (url) => {
    using talker = await Talker.open(url)
    const tookMs = await talker.ask('hello', 5000)
    assert.ok(tookMs !== undefined && tookMs >= 0)
    assert.equal(await talker.ask('silence', 20), undefined)
    assert.equal(talker.closeCode, undefined)
    assert.equal(await talker.ended(1), undefined)
    assert.equal(await talker.ask('close', 5000), undefined)
    assert.equal(await talker.ended(5000), 4000)
    assert.equal(talker.closeCode, 4000)
    assert.equal(await talker.ask('hello', 5000), undefined)
  }))

test('a line that does not open is an error', async () => {
  await assert.rejects(Talker.open('ws://127.0.0.1:1'))
})
