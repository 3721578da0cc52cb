// A server in this process from listening to its end: addresses, the drain, what is left after it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { serve } from 'holdline'
import type { Broker, Server, ServeOptions } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { WebSocket } from 'ws'
import { selfSignedCertificate } from '../../../../conformance/certificate.ts'
import type { Route } from '../../src/connection/route.ts'
import { LocalServer, urlOf } from '../../src/server/local-server.ts'
import type { JoinableMesh } from '../../src/server/local-server.ts'
import { resolveOptions } from '../../src/server/options.ts'
import { FakeClock, MemoryEngine, MemoryMesh } from '../../src/testing/index.ts'
import { wireServer } from './wire-server.ts'
import { MemoryBroker } from '../../src/brokers/memory/memory-broker.ts'

const echo = callbacks({ message: (c, data) => void c.send(data) })
const folder = mkdtempSync(join(tmpdir(), 'holdline-'))
after(() => rmSync(folder, { recursive: true }))

function start(options: ServeOptions = {}): Promise<Server> {
  const where = 'path' in options ? {} : { host: '127.0.0.1' }
  return serve({ ...where, logger: null, routes: { '/': echo }, ...options })
}

async function said(url: string, options?: WebSocket.ClientOptions): Promise<string> {
  const socket = new WebSocket(url, options)
  await once(socket, 'open')
  socket.send('hello')
  const [data] = (await once(socket, 'message')) as [Buffer]
  socket.terminate()
  return data.toString()
}

test('port 0 takes a free port, and url, port and address say which', async () => {
  await using server = await start({ engine: 'node' })
  assert.ok(server.port > 0)
  assert.equal(server.url, `http://127.0.0.1:${server.port}`)
  assert.deepEqual(server.address, { host: '127.0.0.1', port: server.port })
  assert.deepEqual(
    [server.engine.name, server.engine.reason, server.processCount, server.workerId],
    ['node', 'asked for', 1, 0],
  )
  assert.equal(await said(server.url.replace('http', 'ws')), 'hello')
})

test('urls as a person would type them', () => {
  assert.equal(urlOf({ host: '::', port: 1 }, false), 'http://localhost:1')
  assert.equal(urlOf({ host: '0.0.0.0', port: 1 }, true), 'https://localhost:1')
  assert.equal(urlOf({ host: '::1', port: 1 }, false), 'http://[::1]:1')
  assert.equal(urlOf({ host: '10.0.0.1', port: 80 }, false), 'http://10.0.0.1:80')
  assert.equal(urlOf({ path: '/run/x.sock' }, false), 'unix:/run/x.sock')
})

test('a port that is taken, an address that is not here, a folder that is none: each by its code', async () => {
  await using server = await start()
  await assert.rejects(start({ port: server.port }), { code: 'ERR_LISTEN_IN_USE' })
  await assert.rejects(start({ host: '203.0.113.1' }), { code: 'ERR_LISTEN_ADDRESS' })
  await assert.rejects(start({ path: join(folder, 'none', 'x.sock') }), /ERR_LISTEN|listen/)
})

test('when listening fails the broker is stopped again', async () => {
  const calls: string[] = []
  const broker: Broker = Object.assign(new MemoryBroker(), {
    start: async () => void calls.push('start'),
    stop: async () => void calls.push('stop'),
  })
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  await assert.rejects(start({ port, broker }), { code: 'ERR_LISTEN_IN_USE' })
  assert.deepEqual(calls, ['start', 'stop'])
  taken.close()
})

test('a Unix socket', async () => {
  const path = join(folder, 'echo.sock')
  await using server = await start({ path })
  assert.equal(server.url, `unix:${path}`)
  assert.equal(server.port, 0)
  assert.equal(await said(`ws+unix:${path}:/`), 'hello')
})

test('TLS', async () => {
  const { key, cert } = selfSignedCertificate()
  await using server = await start({ tls: { key, cert } })
  assert.match(server.url, /^https:/)
  assert.equal(await said(`wss://localhost:${server.port}`, { ca: cert }), 'hello')
  await assert.rejects(said(`wss://localhost:${server.port}`), /self-signed/)
})

for (const [how, options, code] of [
  ['by default with 1001, going away', undefined, 1001],
  ['with 1012 where that is asked for', { code: 1012, reason: 'restarting' }, 1012],
] as const) {
  test(`close() closes connections ${how}`, async () => {
    const server = await start()
    const socket = new WebSocket(server.url.replace('http', 'ws'))
    await once(socket, 'open')
    const closed = once(socket, 'close') as Promise<[number, Buffer]>
    await server.close(options)
    const [gotCode, reason] = await closed
    assert.deepEqual([gotCode, reason.toString()], [code, options?.reason ?? ''])
    const stats = await server.stats()
    assert.deepEqual([stats.connections, stats.isDraining], [0, true])
    await assert.rejects(said(server.url.replace('http', 'ws')), /ECONNREFUSED/)
  })
}

test('messages on the way when close() is called are answered before the close frame', async () => {
  await using wire = await wireServer('memory', { routes: { '/': echo } })
  const peer = await wire.connect()
  peer.text('1')
  await wire.until('the answer', () => peer.frameCount === 1)
  const closing = wire.server.close()
  assert.equal(await peer.message(), '1')
  assert.deepEqual(await peer.closeFrame(), [1001, ''])
  peer.close(1001)
  await peer.closed()
  await wire.settled(closing)
})

test('who does not answer is cut when the grace is over, or limits.closeMs, whichever comes first', async () => {
  for (const [graceMs, closeMs] of [
    [1_000, 5_000],
    [60_000, 2_000],
  ] as const) {
    const codes: number[] = []
    await using wire = await wireServer('memory', {
      limits: { closeMs },
      routes: { '/': callbacks({ close: (_, code) => void codes.push(code) }) },
    })
    const peer = await wire.connect()
    const closing = wire.server.close({ graceMs })
    assert.deepEqual(await peer.closeFrame(), [1001, ''])
    await wire.pass(Math.min(graceMs, closeMs) - 300)
    assert.equal(peer.isClosed, false)
    await wire.pass(600)
    assert.equal(peer.isClosed, true)
    await wire.settled(closing)
    assert.deepEqual(codes, [1006])
  }
})

test('close() waits for connections, and is the same promise however often it is called', async () => {
  await using wire = await wireServer('memory', { routes: { '/': echo } })
  const peer = await wire.connect()
  const closing = wire.server.close()
  assert.equal(wire.server.close({ code: 1012 }), closing)
  let isDone = false
  void closing.then(() => (isDone = true))
  await wire.pass(1_000)
  assert.equal(isDone, false)
  assert.deepEqual(await peer.closeFrame(), [1001, ''])
  peer.close(1001)
  await peer.closed()
  await wire.settled(closing)
  assert.equal(isDone, true)
})

test('upgrades during the drain are refused with 503', async () => {
  await using wire = await wireServer('memory', { routes: { '/': echo } })
  const first = await wire.connect()
  const waiting = wire.dial('/')
  const closing = wire.server.close()
  const late = await waiting
  await late.answered()
  assert.equal(late.status, 503)
  first.close(1001)
  first.end()
  await wire.settled(closing)
})

test('plain requests under way finish within the grace; idle keep-alive lines do not hold it up', async () => {
  const begun = Promise.withResolvers<void>()
  const finish = Promise.withResolvers<void>()
  const server = await start({
    http: (incoming, response) => {
      if (incoming.url === '/fast') {
        response.end('fast')
        return
      }
      response.write('first ')
      begun.resolve()
      void finish.promise.then(() => response.end('last'))
    },
  })
  assert.equal(await (await fetch(`${server.url}/fast`)).text(), 'fast')
  const slow = fetch(server.url)
  await begun.promise
  const closing = server.close({ graceMs: 30_000 })
  await new Promise((resolve) => setTimeout(resolve, 50))
  await assert.rejects(fetch(server.url), TypeError)
  const since = performance.now()
  finish.resolve()
  assert.equal(await (await slow).text(), 'first last')
  await closing
  assert.ok(performance.now() - since < 10_000)
})

test('a plain request that does not finish is cut when the grace is over', async () => {
  const server = await start({ http: (_, response) => void response.write('never ends') })
  const hanging = request(server.url).end()
  const [response] = (await once(hanging, 'response')) as [NodeJS.ReadableStream]
  response.resume()
  const ended = Promise.race([once(response, 'error'), once(response, 'close')])
  await server.close({ graceMs: 100 })
  await ended
})

test('await using closes the server', async () => {
  let port = 0
  {
    await using server = await start()
    ;({ port } = server)
    assert.equal(await said(server.url.replace('http', 'ws')), 'hello')
  }
  const socket = connect(port, '127.0.0.1')
  await assert.rejects(once(socket, 'connect'), { code: 'ECONNREFUSED' })
})

test('publish and subscribe reach connections and this process; after close they say so', async () => {
  const server = await start({
    routes: {
      '/': callbacks({
        open: (c) => {
          void c.subscribe('news')
          c.send('ready')
        },
      }),
    },
  })
  const heard: unknown[] = []
  const stop = server.subscribe('news', (message) => heard.push(message))
  const socket = new WebSocket(server.url.replace('http', 'ws'))
  await once(socket, 'message')
  const got = once(socket, 'message') as Promise<[Buffer]>
  await server.publish('news', 'hello')
  assert.equal((await got)[0].toString(), 'hello')
  stop()
  await server.publish('news', 'again')
  assert.deepEqual(heard, ['hello'])
  assert.throws(() => server.publish('', 'x'), { code: 'ERR_TOPIC_NAME' })
  assert.throws(() => server.subscribe('a\nb', () => {}), { code: 'ERR_TOPIC_NAME' })
  await server.close({ graceMs: 100 })
  await assert.rejects(server.publish('news', 'late'), { code: 'ERR_SERVER_CLOSED' })
})

test('a publication that nobody waits for may fail without ending the process, and is logged', async () => {
  const warnings: string[] = []
  const server = await start({
    logger: { info: () => {}, error: () => {}, warn: (line) => void warnings.push(line) },
    broker: Object.assign(new MemoryBroker(), {
      publish: async () => {
        throw new Error('no way out')
      },
    }),
  })
  void server.publish('news', 'x')
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(warnings, ['holdline: Error: no way out'])
  await server.close()
})

test('listeners for workers that left are called until they are stopped', async () => {
  await using server = await start()
  const left: number[] = []
  const stop = server.onWorkerLeft((id) => left.push(id))
  const local = server as Server & { workerLeft(id: number): void }
  local.workerLeft(3)
  stop()
  local.workerLeft(4)
  assert.deepEqual(left, [3])
})

test('the histories of a server are bounded together', async () => {
  const topics = { '*': { history: true } }
  await using server = await start({ engine: 'node', topics, histories: { topics: 2 } })
  const after = (await server.publish('a', 'x'))!
  await server.publish('b', 'x')
  await server.publish('c', 'x')
  assert.equal((await server.topic('a').history({ after })).lost, 'epoch')
  const stop = ['d', 'e'].map((name) => server.subscribe(name, () => {}))
  await server.publish('d', 'x')
  await assert.rejects(server.publish('f', 'x'), { code: 'ERR_TOPIC_LIMIT' })
  for (const each of stop) each()
  await server.publish('f', 'x')
})

/** A server of a worker, over a mesh within this process. */
function worker(routes: ServeOptions['routes'], mesh: JoinableMesh): LocalServer {
  const options = resolveOptions({ logger: null, ...(routes !== undefined && { routes }) })
  const engine = { name: 'memory', reason: 'a test', engine: new MemoryEngine(new FakeClock()) }
  return new LocalServer(options, engine, { workerId: 1, processCount: 2, mesh })
}

function meshWith(ready: Promise<void>): JoinableMesh {
  return Object.assign(new MemoryMesh().worker(1), { ready })
}

const noListener = { message: (): void => {}, drained: (): void => {}, workerGone: (): void => {} }

test('in a worker each route that can is joined once, before it listens, and leaves when the server has closed', async () => {
  const joined: string[] = []
  const isReady = Promise.withResolvers<void>()
  const mesh = meshWith(isReady.promise)
  const route = (name: string): Route => ({
    ...callbacks({}),
    join(given) {
      assert.equal(given, mesh)
      joined.push(name)
      if (name === 'a') void given.start(noListener)
    },
  })
  const server = worker({ '/a': route('a'), '/b': callbacks({}), '/c': route('c') }, mesh)
  let isListening = false
  const start = server.start((engine, acceptor) => {
    isListening = true
    return engine.listen({ port: 0 }, acceptor)
  })
  assert.deepEqual(joined, ['a', 'c'])
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(isListening, false)
  isReady.resolve()
  await start
  assert.equal(await mesh.claim('n'), 1)
  await server.close()
  await assert.rejects(mesh.claim('n'), { code: 'ERR_MESH_STOPPED' })
  assert.deepEqual(joined, ['a', 'c'])
})

test('routes end in order before the mesh does, when no connection is left; one that cannot holds up nobody', async () => {
  const mesh = meshWith(Promise.resolve())
  const said: string[] = []
  const open = { count: 0 }
  const route = (name: string, leave: (withinMs: number) => Promise<void>): Route => ({
    ...callbacks({ open: () => void open.count++, close: () => void open.count-- }),
    join: (it) => name === 'a' && void it.start(noListener),
    leave: (withinMs) => {
      said.push(`${name} leaves ${open.count}`)
      assert.ok(withinMs >= 1_000)
      return leave(withinMs)
    },
  })
  const errors: unknown[] = []
  const logger = { info() {}, warn() {}, error: (_: string, error: unknown) => errors.push(error) }
  const options = resolveOptions({
    logger,
    graceMs: 0,
    routes: {
      '/a': route('a', async () => assert.equal(await mesh.claim('n'), 1)),
      '/b': route('b', () => Promise.reject(new Error('it cannot'))),
    },
  })
  const engine = new MemoryEngine(new FakeClock())
  const place = { workerId: 1, processCount: 2, mesh }
  const server = new LocalServer(options, { name: 'memory', reason: 'a test', engine }, place)
  await server.start((_, acceptor) => engine.listen({ port: 0 }, acceptor))
  await server.close()
  assert.deepEqual(said, ['a leaves 0', 'b leaves 0'])
  assert.deepEqual(errors.map(String), ['Error: it cannot'])
  await assert.rejects(mesh.claim('n'), { code: 'ERR_MESH_STOPPED' })
})

test('a server that is alone asks no route to leave: what it has is the process’s own', async () => {
  let isAsked = false
  const route: Route = {
    ...callbacks({}),
    leave: async () => {
      isAsked = true
    },
  }
  const server = await start({ engine: 'node', routes: { '/': route } })
  await server.close()
  assert.equal(isAsked, false)
})

test('a worker that cannot listen leaves the mesh', async () => {
  const mesh = meshWith(Promise.resolve())
  const server = worker(
    { '/': { ...callbacks({}), join: (it) => void it.start(noListener) } },
    mesh,
  )
  await assert.rejects(
    server.start(() => Promise.reject(new Error('no port'))),
    /no port/,
  )
  await assert.rejects(mesh.claim('n'), { code: 'ERR_MESH_STOPPED' })
})
