// The gateway in this process, without a browser: what stands behind the page.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { after, test } from 'node:test'
import type { Server } from 'holdline'
import { connect } from 'holdline-client'
import { startGateway } from 'holdline-gateway'
import { WebSocket } from 'ws'
import { RoomLine } from './chat/room-line.ts'

const server: Server = await startGateway({
  port: 0,
  host: '127.0.0.1',
  processes: 1,
  engine: 'auto',
})
after(() => server.close())

const address = (path: string): string => server.url.replace('http', 'ws') + path

test('/echo sends back text and binary, up to the library’s own limit', async () => {
  const client = connect(address('/echo'), { queueBytes: 2_097_152 })
  const large = new Uint8Array(1_048_576).fill(7)
  for (const message of ['grüße', '', large]) assert.equal(client.send(message), 'queued')
  const read: unknown[] = []
  for await (const message of client) if (read.push(message) === 3) break
  client.close()
  assert.deepEqual(read, ['grüße', '', large])
})

test('/chat: rooms with history, and who is in them', async () => {
  const ada = new RoomLine(server.url, 'Ada')
  await ada.say('<b>hi</b>')
  const bo = new RoomLine(server.url, 'Bo')
  await bo.until('history', () => bo.texts.length > 0)
  assert.deepEqual(bo.texts, ['<b>hi</b>'])
  await ada.until('both', () => ada.names.length === 2)
  assert.deepEqual(ada.names, ['Ada', 'Bo'])
  for (const { line } of [ada, bo]) line.close()
})

test('/chat: a page of another site may not use it', async () => {
  const stranger = new WebSocket(address('/chat'), { origin: 'https://evil.example' })
  const [, response] = (await once(stranger, 'unexpected-response')) as [unknown, IncomingMessage]
  assert.equal(response.statusCode, 403)
  response.destroy()
})

test('/healthz counts the lines', async () => {
  const response = await fetch(`${server.url}/healthz`)
  assert.equal(response.status, 200)
  assert.equal(((await response.json()) as { status: string }).status, 'ok')
})
