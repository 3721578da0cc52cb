// A route that is served: its verdict on each request, and the limits that hold however many ask at once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Route } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import type { WirePeer } from 'holdline/testing'
import { wireServer } from './wire-server.ts'
import type { WireServer } from './wire-server.ts'

const silent = { message: () => {} }

function served(route: Route): Promise<WireServer> {
  return wireServer('memory', { routes: { '/': route } })
}

async function answer(peer: WirePeer): Promise<number> {
  await peer.answered()
  return peer.status
}

async function refusals(wire: WireServer): Promise<Readonly<Record<string, number>>> {
  return (await wire.server.stats()).refusals
}

test('upgrade refuses with a status, headers and a reason that the client can read', async () => {
  await using wire = await served(
    callbacks({
      ...silent,
      upgrade: () => ({
        refuse: 401,
        reason: 'log in first',
        headers: { 'WWW-Authenticate': 'Bearer' },
      }),
    }),
  )
  const peer = await wire.dial('/')
  const bytes: Uint8Array[] = []
  const { onBytes } = peer.line
  peer.line.onBytes = (chunk) => {
    bytes.push(chunk)
    onBytes?.(chunk)
  }
  assert.equal(await answer(peer), 401)
  assert.equal(peer.header('www-authenticate'), 'Bearer')
  const body = JSON.parse(Buffer.concat(bytes).toString().split('\r\n\r\n')[1]!) as {
    error: Record<string, string>
  }
  assert.equal(body.error['code'], 'ERR_UPGRADE_REFUSED')
  assert.equal(body.error['detail'], 'log in first')
  assert.deepEqual(await refusals(wire), { ERR_UPGRADE_REFUSED: 1 })
})

for (const isAsync of [false, true]) {
  const how = isAsync ? 'asynchronous' : 'synchronous'

  test(`an ${how} upgrade that fails, or answers nonsense, is a 500, and its place is free again`, async () => {
    const answers: (() => unknown)[] = [
      () => {
        throw new Error('meant')
      },
      () => ({ refuse: 200 }),
      () => ({ refuse: 'no' }),
      () => ({ refuse: 401, headers: { 'X\r\nEvil': '1' } }),
      () => ({ refuse: 401, headers: { X: 'a\r\nSet-Cookie: b' } }),
      () => ({ headers: { X: 'a\r\nSet-Cookie: b' } }),
      () => ({ headers: { 'Sec-WebSocket-Accept': 'mine' } }),
      () => ({ subprotocol: 'not-offered' }),
      () => null,
      () => false,
      () => 'yes',
    ]
    let next = 0
    const verdict = (): unknown => answers[next++]?.()
    await using wire = await served(
      callbacks({
        ...silent,
        limits: { connections: 1, connectionsPerAddress: 1 },
        upgrade: (isAsync ? () => Promise.resolve().then(verdict) : verdict) as () => undefined,
      }),
    )
    for (const { length } = answers; next < length;) {
      const which = next
      assert.equal(await answer(await wire.dial('/')), 500, `answer ${which}`)
      assert.deepEqual(await refusals(wire), { ERR_UPGRADE_FAILED: which + 1 })
    }
    // Given back each time, and not more often than taken: one more may come, a second not.
    assert.equal(await answer(await wire.dial('/')), 101)
    assert.equal(await answer(await wire.dial('/')), 503)
  })

  test(`limits.connections holds while ${how} upgrades are under way`, async () => {
    const judged = Promise.withResolvers<void>()
    await using wire = await served(
      callbacks({
        ...silent,
        limits: { connections: 3 },
        upgrade: () => (isAsync ? judged.promise : undefined),
      }),
    )
    const peers: WirePeer[] = []
    for (let i = 0; i < 10; i++) peers.push(await wire.dial('/'))
    await wire.pass(10)
    judged.resolve()
    const statuses = []
    for (const peer of peers) statuses.push(await answer(peer))
    assert.deepEqual(
      statuses.toSorted((a, b) => a - b),
      [101, 101, 101, 503, 503, 503, 503, 503, 503, 503],
    )
    assert.deepEqual(await refusals(wire), { ERR_UPGRADE_CONNECTIONS: 7 })
    assert.equal((await wire.server.stats()).connections, 3)
  })

  test(`limits.connectionsPerAddress holds per address while ${how} upgrades are under way`, async () => {
    const judged = Promise.withResolvers<void>()
    await using wire = await served(
      callbacks({
        ...silent,
        limits: { connectionsPerAddress: 2 },
        upgrade: () => (isAsync ? judged.promise : undefined),
      }),
    )
    const statuses = new Map<string, number[]>()
    const peers: [string, WirePeer][] = []
    for (const remoteAddress of ['10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.2', '::1']) {
      peers.push([remoteAddress, await wire.dial('/', { remoteAddress })])
    }
    await wire.pass(10)
    judged.resolve()
    for (const [address, peer] of peers) {
      statuses.set(address, [...(statuses.get(address) ?? []), await answer(peer)])
    }
    assert.deepEqual(Object.fromEntries(statuses), {
      '10.0.0.1': [101, 101, 429],
      '10.0.0.2': [101],
      '::1': [101],
    })
  })
}

test('a place is free again when a connection closes, is refused, or is given up before it opened', async () => {
  const verdicts: Record<string, Promise<unknown>> = {}
  const hold = Promise.withResolvers<void>()
  verdicts['/held'] = hold.promise
  await using wire = await wireServer('memory', {
    routes: {
      '/:way': callbacks({
        ...silent,
        limits: { connections: 1, connectionsPerAddress: 1 },
        upgrade: async ({ params }) => {
          if (params['way'] === 'held') await hold.promise
          if (params['way'] === 'refused') return { refuse: 403 }
          return {}
        },
      }),
    },
  })
  const closing = await wire.connect('/one')
  assert.equal(await answer(await wire.dial('/two')), 503)
  closing.close(1000)
  await closing.closeFrame()
  await closing.closed()

  assert.equal(await answer(await wire.dial('/refused')), 403)

  const leaving = await wire.dial('/held')
  await wire.pass(10)
  assert.equal(await answer(await wire.dial('/two')), 503)
  leaving.cut()
  await wire.pass(10)
  // It is counted until its upgrade function is done: the work is still under way.
  assert.equal(await answer(await wire.dial('/two')), 503)
  hold.resolve()
  await wire.pass(10)
  await wire.connect('/three')
})

test('an upgrade that takes longer than limits.handshakeMs is answered 503, and counted until it is done', async () => {
  const hold = Promise.withResolvers<void>()
  await using wire = await served(
    callbacks({
      ...silent,
      limits: { handshakeMs: 1_000, connections: 1 },
      upgrade: async ({ query }) => {
        if (query.has('slow')) await hold.promise
      },
    }),
  )
  const slow = await wire.dial('/?slow')
  await wire.pass(1_100)
  assert.equal(await answer(slow), 503)
  assert.deepEqual(await refusals(wire), { ERR_UPGRADE_TIMEOUT: 1 })
  assert.equal(await answer(await wire.dial('/')), 503)
  hold.resolve()
  await wire.pass(10)
  assert.equal(await answer(await wire.dial('/')), 101)
})

test('any thenable is waited for: an answer of its own kind accepts nobody', async () => {
  await using wire = await served(
    callbacks({
      ...silent,
      upgrade: () =>
        // oxlint-disable-next-line unicorn/no-thenable -- as the query of a database library
        ({ then: (done: (answer: unknown) => void) => done({ refuse: 403 }) }) as never,
    }),
  )
  assert.equal(await answer(await wire.dial('/')), 403)
})

test('the origin is looked at before upgrade is called, and its failure is a 500', async () => {
  let calls = 0
  const upgrade = (): void => void calls++
  await using wire = await wireServer('memory', {
    origins: ['https://a.example'],
    routes: {
      '/': callbacks({ ...silent, upgrade }),
      '/own': callbacks({ ...silent, upgrade, origins: ['https://b.example'] }),
      '/throws': callbacks({
        ...silent,
        upgrade,
        origins: () => {
          throw new Error('meant')
        },
      }),
    },
  })
  const ask = async (path: string, origin: string): Promise<number> =>
    answer(await wire.dial(path, { headers: { origin } }))
  assert.equal(await ask('/', 'https://b.example'), 403)
  assert.equal(await ask('/own', 'https://a.example'), 403)
  assert.equal(await ask('/throws', 'https://a.example'), 500)
  assert.equal(calls, 0)
  assert.equal(await ask('/', 'https://a.example'), 101)
  assert.equal(await ask('/own', 'https://b.example'), 101)
  assert.equal(calls, 2)
})

test('the subprotocol is the first of the list that was offered; none where none fits', async () => {
  await using wire = await served(callbacks({ ...silent, subprotocols: ['v2', 'v1'] }))
  const table: [offered: string | null, chosen: string | null][] = [
    [null, null],
    ['v1', 'v1'],
    ['v1, v2', 'v2'],
    ['V2', null],
    ['v3, v1', 'v1'],
    ['v3', null],
  ]
  for (const [offered, chosen] of table) {
    const peer = await wire.connect('/', { headers: { 'sec-websocket-protocol': offered } })
    assert.equal(peer.header('sec-websocket-protocol'), chosen, String(offered))
  }
})

test('upgrade may choose the subprotocol; a function of the route is asked once and decides', async () => {
  const asked: (readonly string[])[] = []
  const seen: string[] = []
  const open = (c: { subprotocol: string }): void => void seen.push(c.subprotocol)
  await using wire = await wireServer('memory', {
    routes: {
      '/chosen': callbacks({
        ...silent,
        open,
        subprotocols: ['a'],
        upgrade: () => ({ subprotocol: 'b' }),
      }),
      '/function': callbacks({
        ...silent,
        open,
        subprotocols: (offered) => {
          asked.push(offered)
          return offered[1] ?? null
        },
      }),
      '/wrong': callbacks({ ...silent, subprotocols: () => 'never offered' }),
    },
  })
  const headers = { 'sec-websocket-protocol': 'a, b' }
  await wire.connect('/chosen', { headers })
  await wire.connect('/function', { headers })
  await wire.connect('/function')
  assert.deepEqual(seen, ['b', 'b', ''])
  assert.deepEqual(asked, [['a', 'b'], []])
  assert.equal(await answer(await wire.dial('/wrong', { headers })), 500)
})

test('headers of the answer stand in the 101 response', async () => {
  await using wire = await served(
    callbacks({ ...silent, upgrade: () => ({ headers: { 'Set-Cookie': 'a=b; HttpOnly' } }) }),
  )
  assert.equal((await wire.connect('/')).header('set-cookie'), 'a=b; HttpOnly')
})

test('upgrade sees path, parameters, query, cookies and address, and its data is that of the connection', async () => {
  const given: unknown[] = []
  await using wire = await wireServer('memory', {
    routes: {
      '/room/:id': callbacks({
        upgrade: (request) => ({
          data: [
            request.path,
            request.params['id'],
            request.query.get('q'),
            request.cookies['c'],
            request.remoteAddress,
          ],
        }),
        open: (c) => void given.push(c.data, c.request.params['id']),
        message: () => {},
      }),
    },
  })
  await wire.connect('/room/a%20b?q=1', { headers: { cookie: 'c=d' }, remoteAddress: '10.1.2.3' })
  assert.deepEqual(given, [['/room/a%20b', 'a b', '1', 'd', '10.1.2.3'], 'a b'])
})

test("a route's own limits come before those of the server", async () => {
  await using wire = await wireServer('memory', {
    limits: { messageBytes: 10 },
    routes: {
      '/server': callbacks(silent),
      '/own': callbacks({ ...silent, limits: { messageBytes: 20 } }),
    },
  })
  const small = await wire.connect('/server')
  small.text('x'.repeat(11))
  assert.deepEqual(await small.closeFrame(), [1009, 'ERR_MESSAGE_TOO_BIG'])
  const large = await wire.connect('/own')
  large.text('x'.repeat(20))
  large.ping()
  assert.equal((await large.frame()).opcode, 10)
  large.text('x'.repeat(21))
  assert.deepEqual(await large.closeFrame(), [1009, 'ERR_MESSAGE_TOO_BIG'])
})

test('keepalive and compression are checked when the server starts', async () => {
  for (const keepalive of [{ pingMs: 0 }, { timeoutMs: -1 }, { pingMs: 1.5 }]) {
    await assert.rejects(served(callbacks({ ...silent, keepalive })), {
      code: 'ERR_OPTION_INVALID',
    })
  }
  await assert.rejects(served(callbacks({ ...silent, deflate: { level: 10 } })), {
    code: 'ERR_DEFLATE_OPTION',
  })
})

test('keepalive: pings after its silence; false: none', async () => {
  await using wire = await wireServer('memory', {
    routes: {
      '/': callbacks({ ...silent, keepalive: { pingMs: 1_000, timeoutMs: 500 } }),
      '/none': callbacks({ ...silent, keepalive: false }),
    },
  })
  const asked = await wire.connect('/')
  const left = await wire.connect('/none')
  await wire.pass(1_400)
  assert.equal((await asked.frame()).opcode, 9)
  await wire.pass(1_500)
  assert.ok(asked.isClosed)
  await wire.pass(100_000)
  assert.equal(left.frameCount, 0)
  assert.ok(!left.isClosed)
})

test('an upgrade that was in time is not late afterwards', async () => {
  await using wire = await served(
    callbacks({ ...silent, limits: { handshakeMs: 1_000 }, upgrade: async () => {} }),
  )
  await wire.connect('/')
  await wire.pass(2_000)
  assert.deepEqual(await refusals(wire), {})
})
