// Waiting for plain requests, and for nothing else.
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { test } from 'node:test'
import { serve } from 'holdline'
import { PlainRequests } from '../../../src/engines/http/plain-requests.ts'
import { selfSigned } from './line.ts'

function begin(http: EventEmitter): EventEmitter {
  const response = new EventEmitter()
  http.emit('request', {}, response)
  return response
}

test('it waits for the last of several requests, and for none when there is none', async () => {
  const http = new EventEmitter()
  const requests = new PlainRequests(http as Server)
  await requests.ended(60_000)
  const responses = [begin(http), begin(http)]
  let isOver = false
  const over = requests.ended(60_000).then(() => (isOver = true))
  responses[0]!.emit('close')
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(isOver, false)
  responses[1]!.emit('close')
  await over
})

test('it waits no longer than the grace', async () => {
  const http = new EventEmitter()
  const requests = new PlainRequests(http as Server)
  begin(http)
  await requests.ended(0)
  await requests.ended(20)
})

test('a line that never sends a request, and one that never agrees upon keys, do not hold a server up', async () => {
  const { key, cert } = selfSigned()
  for (const tls of [undefined, { key, cert }]) {
    const server = await serve({
      host: '127.0.0.1',
      logger: null,
      graceMs: 60_000,
      ...(tls !== undefined && { tls }),
    })
    const silent = connect(server.port, '127.0.0.1')
    await once(silent, 'connect')
    if (tls !== undefined) {
      const stranger = connectTls(server.port, '127.0.0.1')
      assert.match(String((await once(stranger, 'error'))[0]), /self-signed/)
    }
    const ended = once(silent, 'close')
    silent.on('error', () => {}).resume()
    await server.close()
    await ended
  }
})
