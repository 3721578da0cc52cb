// A route's own limits on the handshake, where they are stricter than the server's.
import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { test } from 'node:test'
import { serve } from 'holdline'
import { callbacks } from 'holdline/callbacks'

function statusOf(url: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, {
      headers: {
        Upgrade: 'websocket',
        Connection: 'Upgrade',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      },
    })
    request.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve(response.statusCode!)
    })
    request.on('response', (response) => resolve(response.resume().statusCode!))
    request.on('error', reject)
    request.end()
  })
}

test('a route may allow shorter heads than the server', async () => {
  await using server = await serve({
    host: '127.0.0.1',
    logger: null,
    routes: {
      '/short': callbacks({ limits: { headerBytes: 1_000 } }),
      '/long': callbacks({}),
    },
  })
  const padding = { 'X-Padding': 'x'.repeat(1_000) }
  assert.equal(await statusOf(`${server.url}/short`), 101)
  assert.equal(await statusOf(`${server.url}/short`, padding), 431)
  assert.equal(await statusOf(`${server.url}/long`, padding), 101)
})

test('a route may give its upgrade function less time; what comes late is abandoned', async () => {
  const first = Promise.withResolvers<{ data: string }>()
  let callCount = 0
  await using server = await serve({
    host: '127.0.0.1',
    logger: null,
    routes: {
      '/': callbacks({
        limits: { handshakeMs: 60, connections: 1 },
        upgrade: () => (callCount++ === 0 ? first.promise : { data: 'at once' }),
      }),
    },
  })
  assert.equal(await statusOf(server.url), 503)
  // The function still runs: its request counts until it is done.
  assert.equal(await statusOf(server.url), 503)
  const { refusals } = await server.stats()
  assert.deepEqual(refusals, { ERR_UPGRADE_TIMEOUT: 1, ERR_UPGRADE_CONNECTIONS: 1 })
  first.resolve({ data: 'late' })
  assert.equal(await statusOf(server.url), 101)
  assert.equal(callCount, 2)
})
