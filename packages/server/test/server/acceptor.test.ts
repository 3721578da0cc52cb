// All routes together: which requests reach a route, and what the others are answered.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callbacks } from 'holdline/callbacks'
import { wireServer } from './wire-server.ts'

const routes = {
  '/': callbacks({ message: () => {} }),
  '/room/:id': callbacks({ message: () => {} }),
}

test('a path without a route is a 404 before anything else is looked at', async () => {
  await using wire = await wireServer('memory', { routes })
  for (const path of ['/none', '/room', '/room/', '/room/a/b', '/room/%']) {
    const peer = await wire.dial(path, { headers: { 'sec-websocket-version': '8' } })
    await peer.answered()
    assert.equal(peer.status, 404, path)
  }
  assert.deepEqual((await wire.server.stats()).refusals, { ERR_UPGRADE_NOT_FOUND: 5 })
})

test('a handshake that is none is refused with the status of its mistake, and counted', async () => {
  await using wire = await wireServer('memory', { routes })
  const table: [code: string, status: number, request: Parameters<typeof wire.dial>[1]][] = [
    ['ERR_UPGRADE_METHOD', 405, { method: 'POST' }],
    ['ERR_UPGRADE_VERSION', 426, { headers: { 'sec-websocket-version': '8' } }],
    ['ERR_UPGRADE_KEY', 400, { headers: { 'sec-websocket-key': 'short' } }],
    ['ERR_UPGRADE_HEADER_CONNECTION', 400, { headers: { connection: 'keep-alive' } }],
    ['ERR_UPGRADE_SUBPROTOCOL', 400, { headers: { 'sec-websocket-protocol': 'a,a' } }],
  ]
  for (const [code, status, request] of table) {
    const peer = await wire.dial('/', request)
    await peer.answered()
    assert.equal(peer.status, status, code)
  }
  assert.deepEqual(
    (await wire.server.stats()).refusals,
    Object.fromEntries(table.map(([code]) => [code, 1])),
  )
})

test('parameters reach the request', async () => {
  const seen: unknown[] = []
  await using wire = await wireServer('memory', {
    routes: {
      '/room/:id': callbacks({ open: (c) => void seen.push({ ...c.request.params }) }),
    },
  })
  await wire.connect('/room/7?x')
  assert.deepEqual(seen, [{ id: '7' }])
})

test('connections of all routes are counted together and apart', async () => {
  await using wire = await wireServer('memory', { routes })
  await wire.connect('/')
  await wire.connect('/room/1')
  await wire.connect('/room/2')
  const stats = await wire.server.stats()
  assert.equal(stats.connections, 3)
  assert.deepEqual(
    stats.routes.map(({ path, connections }) => [path, connections]),
    [
      ['/', 1],
      ['/room/:id', 2],
    ],
  )
})

test('paths that collide are refused when the server starts', async () => {
  const route = callbacks({})
  await assert.rejects(wireServer('memory', { routes: { '/:a': route, '/:b': route } }), {
    code: 'ERR_ROUTE_INVALID',
  })
})

test('a request whose upgrade function ends during the drain is refused with 503, not opened', async () => {
  const judged = Promise.withResolvers<void>()
  const calls: string[] = []
  const wire = await wireServer('memory', {
    graceMs: 60_000,
    routes: {
      '/': callbacks({
        limits: { connections: 2 },
        upgrade: async ({ query }) => {
          calls.push('upgrade')
          if (query.has('slow')) await judged.promise
        },
        open: () => void calls.push('open'),
        close: (_, code) => void calls.push(`close ${code}`),
      }),
    },
  })
  const open = await wire.connect('/')
  const late = await wire.dial('/?slow')
  await wire.until('the second upgrade', () => calls.length === 3)
  const closing = wire.server.close()
  assert.deepEqual(await open.closeFrame(), [1001, ''])
  judged.resolve()
  await late.answered()
  assert.equal(late.status, 503)
  assert.equal(late.header('retry-after'), '1')
  open.close(1001)
  open.end()
  await wire.settled(closing)
  assert.deepEqual(calls, ['upgrade', 'open', 'upgrade', 'close 1001'])
  assert.deepEqual((await wire.server.stats()).refusals, { ERR_UPGRADE_DRAINING: 1 })
})

test('an absolute URI is for a proxy: 400, wherever it leads', async () => {
  await using wire = await wireServer('memory', { routes })
  const peer = await wire.dial('http://localhost/')
  await peer.answered()
  assert.equal(peer.status, 400)
  assert.deepEqual((await wire.server.stats()).refusals, { ERR_UPGRADE_MALFORMED: 1 })
})
