// What is the engine's own: where it listens, whom it believes about addresses, and how it ends.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { serve } from 'holdline'
import type { Server, ServeOptions } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { wireFrame } from 'holdline/testing'
import type { ListenOptions } from '../../../src/connection/engine.ts'
import { Native } from '../../../src/engines/uring/ffi.ts'
import { UringEngine } from '../../../src/engines/uring/uring-engine.ts'
import { dial, temporaryFolder, upgrade } from '../http/line.ts'
import { testAcceptor } from '../http/test-acceptor.ts'
import {
  connectAll,
  connectTo,
  echo,
  eventually,
  nativeWith,
  openDescriptors,
  serveOn,
} from './stand.ts'

const host = '127.0.0.1'

async function serving(t: TestContext, options: ServeOptions): Promise<Server> {
  const server = await serveOn({}, options)
  t.after(() => server.close({ graceMs: 0 }))
  return server
}

// --- Where it listens

test('TLS is the other engine’s', async () => {
  const engine = new UringEngine()
  const before = openDescriptors()
  await assert.rejects(engine.listen({ port: 0, tls: {} }, testAcceptor()), {
    code: 'ERR_ENGINE_UNAVAILABLE',
    message: /tls needs the engine 'node'/,
  })
  assert.deepEqual(openDescriptors(), before)
})

test('what cannot be listened on is told by its code, and nothing stays open', async () => {
  const before = openDescriptors()
  const engine = new UringEngine()
  const listener = await engine.listen({ port: 0, host }, testAcceptor())
  const { port } = listener.address as { port: number }
  await assert.rejects(engine.listen({ port, host }, testAcceptor()), { code: 'ERR_LISTEN_IN_USE' })
  const refused: readonly (readonly [ListenOptions, string])[] = [
    [{ port, host }, 'ERR_LISTEN_IN_USE'],
    [{ port: 0, host: '203.0.113.1' }, 'ERR_LISTEN_ADDRESS'],
    [{ path: '/nowhere/at/all.sock' }, 'ERR_LISTEN'],
  ]
  for (const [options, code] of refused) {
    await assert.rejects(new UringEngine().listen(options, testAcceptor()), (error) =>
      (error as { code: string }).code.startsWith(code),
    )
  }
  // The listener that was there is still served.
  const line = await dial(listener.address)
  line.write(upgrade())
  await line.until('403')
  line.socket.destroy()
  await listener.close()
  await eventually('the descriptors to go', () => openDescriptors().length === before.length)
})

test('a kernel that refuses is told by its code and its reason', async () => {
  const native = nativeWith({ ringSetup: () => -1 })
  const engine = new UringEngine({ ring: { native } })
  await assert.rejects(engine.listen({ port: 0, host }, testAcceptor()), {
    code: 'ERR_ENGINE_UNAVAILABLE',
    message: /the kernel refuses io_uring \(EPERM\)/,
  })
})

for (const [since, unknown] of [
  ['6.5', 1 << 16],
  ['6.0', (1 << 16) | (1 << 13)],
  ['5.19', (1 << 16) | (1 << 13) | (1 << 12)],
  ['5.18', (1 << 16) | (1 << 13) | (1 << 12) | (1 << 8) | (1 << 9)],
] as const) {
  test(`with the flags of Linux ${since}, and without incremental buffers, it serves`, async (t) => {
    const real = Native.get()
    const native = nativeWith({
      ringSetup(entries, params) {
        const flags = Buffer.from(params.buffer, params.byteOffset).readUInt32LE(8)
        return (flags & unknown) !== 0 ? -22 : real.ringSetup(entries, params)
      },
    })
    const server = await serveOn({ ring: { native }, buffers: { incremental: false } })
    t.after(() => server.close({ graceMs: 0 }))
    const peers = await connectAll(server, 20)
    for (const peer of peers) for (let i = 0; i < 20; i++) peer.text(`${i}`)
    const expected = Array.from({ length: 20 }, (_, i) => `${i}`)
    for (const peer of peers) assert.deepEqual(await peer.messages(20), expected)
    // A lone message after a pause: the wake-up works too.
    await new Promise((resolve) => setTimeout(resolve, 50))
    peers[0]!.text('again')
    assert.equal(await peers[0]!.message(), 'again')
    for (const peer of peers) peer.cut()
  })
}

test('a Unix socket: the lines move to the ring when they are upgraded', async (t) => {
  const path = join(temporaryFolder(), 'x.sock')
  const server = await serveOn({}, { path, routes: { '/': echo } })
  t.after(() => server.close({ graceMs: 0 }))
  const line = await dial({ path })
  line.write(Buffer.concat([Buffer.from(upgrade()), wireFrame(1, 'hello')]))
  await line.until('\x81\x05hello')
  line.write(wireFrame(1, 'again'))
  await line.until('\x81\x05again')
  line.socket.destroy()
})

test('several listeners of one engine share it, and each ends by itself', async () => {
  const before = openDescriptors()
  const engine = new UringEngine()
  const servers = await Promise.all(
    Array.from({ length: 3 }, () => serve({ engine, host, logger: null, routes: { '/': echo } })),
  )
  for (const server of servers) {
    const peer = await connectTo(server)
    peer.text('hello')
    assert.equal(await peer.message(), 'hello')
    peer.cut()
  }
  await servers[1]!.close({ graceMs: 0 })
  const peer = await connectTo(servers[2]!)
  await servers[0]!.close({ graceMs: 0 })
  peer.text('still here')
  assert.equal(await peer.message(), 'still here')
  const closing = servers[2]!.close()
  assert.equal((await peer.closeFrame())[0], 1001)
  peer.close(1001)
  await peer.closed()
  await closing
  await eventually('the descriptors to go', () => openDescriptors().length <= before.length)
  // It can begin anew.
  await using again = await serve({ engine, host, logger: null, routes: { '/': echo } })
  const other = await connectTo(again)
  other.text('anew')
  assert.equal(await other.message(), 'anew')
  other.cut()
})

// --- Whom it believes

const tellsAddress = callbacks({ open: (c) => void c.send(c.request.remoteAddress) })

async function toldAddress(
  server: Server,
  headers: Record<string, string>,
  before = '',
): Promise<string> {
  const line = await dial({ host, port: server.port })
  line.write(before + upgrade(headers))
  const text = await line.until('\x81')
  line.socket.destroy()
  return text.slice(text.indexOf('\x81') + 2)
}

test('X-Forwarded-For is believed from a trusted proxy, and from nobody else', async (t) => {
  const routes = { '/': tellsAddress }
  const trusting = await serving(t, { routes, proxy: { trusted: ['127.0.0.0/8'] } })
  const strict = await serving(t, { routes, proxy: { trusted: ['10.0.0.0/8'] } })
  const plain = await serving(t, { routes })
  for (let i = 0; i < 3; i++) {
    const headers = { 'X-Forwarded-For': '203.0.113.7' }
    assert.equal(await toldAddress(trusting, headers), '203.0.113.7')
    assert.equal(await toldAddress(strict, headers), '127.0.0.1')
    assert.equal(await toldAddress(plain, headers), '127.0.0.1')
    for (const server of [trusting, strict, plain]) {
      assert.equal(await toldAddress(server, {}), '127.0.0.1')
    }
  }
})

test('the PROXY protocol: the address that the proxy tells, and no line without it', async (t) => {
  const proxy = { trusted: ['127.0.0.1'], proxyProtocol: true }
  const server = await serving(t, { routes: { '/': tellsAddress }, proxy })
  const told = await toldAddress(server, {}, 'PROXY TCP4 203.0.113.9 10.0.0.1 4444 80\r\n')
  assert.equal(told, '203.0.113.9')
  const line = await dial({ host, port: server.port })
  line.write(upgrade())
  assert.doesNotMatch(await line.ended(), / 101 /)
  line.socket.destroy()
})

// --- How it ends

test('a server that closes ends its lines of every kind, and leaves no descriptor', async () => {
  const before = openDescriptors()
  const asked = Promise.withResolvers<void>()
  const server = await serveOn(
    {},
    {
      limits: { handshakeMs: 60_000 },
      routes: {
        '/': echo,
        '/judged': { ...echo, upgrade: () => asked.promise },
        '/flood': callbacks({
          limits: { bufferedBytes: 64 * 1_048_576, highWaterBytes: 32 * 1_048_576 },
          message: (c) => void c.send(Buffer.alloc(16 * 1_048_576)),
        }),
      },
    },
  )
  const place = { host, port: server.port }
  const open = await connectAll(server, 5)
  const silent = await Promise.all(Array.from({ length: 5 }, () => dial(place)))
  const half = await dial(place)
  half.write(upgrade().slice(0, 60))
  const judged = await dial(place)
  judged.write(upgrade({}, '/judged'))
  const plain = await dial(place)
  plain.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  await plain.until('426')
  const sending = await connectTo(server, '/flood')
  sending.line.stopReading()
  sending.text('go')
  const unfinished = await connectTo(server)
  unfinished.raw(wireFrame(1, 'half of a frame').subarray(0, 9))
  await new Promise((resolve) => setTimeout(resolve, 30))
  await server.close({ graceMs: 50 })
  asked.resolve()
  sending.line.startReading()
  for (const peer of [...open, unfinished, sending]) {
    await eventually('the end of a line', () => peer.line.hasEnded || peer.isClosed)
    peer.cut()
  }
  for (const line of [...silent, half, judged, plain]) {
    await line.ended()
    line.socket.destroy()
  }
  await eventually('the descriptors to go', () => openDescriptors().length <= before.length)
  assert.deepEqual(openDescriptors(), before)
  const refused = connect(place.port, host)
  await new Promise((resolve) => refused.once('error', resolve))
})

test('closing waits for a plain request under way, up to its grace', async () => {
  const started = Promise.withResolvers<() => void>()
  const server = await serveOn(
    {},
    {
      http: (_request, response) => started.resolve(() => response.end('late')),
    },
  )
  const answer = fetch(server.url).then((response) => response.text())
  const finish = await started.promise
  const closed = server.close({ graceMs: 5_000 })
  finish()
  assert.equal(await answer, 'late')
  await closed
})
