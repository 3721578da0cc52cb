// Large messages in numbers: their memory goes through the pools of several messages at a time, and none is mixed up.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { serve } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import WebSocket from 'ws'

const COUNT = 24
const BYTES = 1_048_576

for (const engine of ['uring', 'node'] as const) {
  test(`many large messages at once are echoed whole and in order: ${engine}`, async () => {
    await using server = await serve({
      engine,
      host: '127.0.0.1',
      logger: null,
      routes: { '/': callbacks({ message: (connection, data) => void connection.send(data) }) },
    })
    const client = new WebSocket(server.url.replace('http', 'ws'))
    await once(client, 'open')
    const firstBytes: number[] = []
    const echoed = new Promise<void>((resolve, reject) => {
      client.on('close', (code) => reject(new Error(`closed with ${code}`)))
      client.on('message', (data: Buffer) => {
        assert.equal(data.length, BYTES)
        assert.ok(data.equals(Buffer.alloc(BYTES, data[0])))
        firstBytes.push(data[0]!)
        if (firstBytes.length === COUNT) resolve()
      })
    })
    for (let i = 0; i < COUNT; i++) client.send(Buffer.alloc(BYTES, i))
    await echoed
    client.removeAllListeners('close')
    client.terminate()
    assert.deepEqual(
      firstBytes,
      Array.from({ length: COUNT }, (_, i) => i),
    )
  })
}
