// Lines as they come in: whatever their first bytes are, they are answered as the node engine answers them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import fc from 'fast-check'
import { serve } from 'holdline'
import type { Server, ServeOptions } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { wireFrame, WirePeer } from 'holdline/testing'
import type {
  Acceptance,
  HttpHandler,
  Judgement,
  Listener,
} from '../../../src/connection/engine.ts'
import { Operation } from '../../../src/engines/uring/operations.ts'
import { Ring } from '../../../src/engines/uring/ring.ts'
import { UringEngine } from '../../../src/engines/uring/uring-engine.ts'
import { dialTcp, untilInTime } from '../../../src/testing/tcp-wire-line.ts'
import { dial, upgrade } from '../http/line.ts'
import { testAcceptor } from '../http/test-acceptor.ts'
import { connectTo, echo, eventually, openDescriptors, serveOn } from './stand.ts'

const http: HttpHandler = (request, response) => {
  let body = ''
  request.on('data', (chunk: Buffer) => (body += String(chunk)))
  request.on('end', () => response.end(`<${request.method} ${request.url} ${body}>`))
}

async function serving(t: TestContext, options: ServeOptions = {}): Promise<Server> {
  const server = await serveOn({}, { http, ...options })
  t.after(() => server.close({ graceMs: 0 }))
  return server
}

const dialServer = ({ port }: Server) => dial({ host: '127.0.0.1', port })

/** What a line gets for these bytes; it ends its direction behind them. */
async function answerTo(server: Server, ...pieces: (string | Uint8Array)[]): Promise<string> {
  const line = await dialServer(server)
  for (const piece of pieces) {
    line.write(piece)
    if (pieces.length > 1) await new Promise((resolve) => setTimeout(resolve, 2))
  }
  line.socket.end()
  const answer = await line.ended()
  line.socket.destroy()
  return answer
}

const hello = Buffer.from(wireFrame(1, 'hello'))
const echoed = '\x81\x05hello'

// --- Upgrades, however they come

for (const [how, cut] of [
  ['in one piece', (text: string) => [text]],
  ['in two pieces', (text: string) => [text.slice(0, 40), text.slice(40)]],
  ['with its last octet late', (text: string) => [text.slice(0, -1), text.slice(-1)]],
  ['octet by octet', (text: string) => [...text]],
] as const) {
  test(`an upgrade request that comes ${how} is taken, and frames behind it too`, async (t) => {
    const server = await serving(t)
    const line = await dialServer(server)
    for (const piece of cut(upgrade())) {
      line.write(piece)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await line.until('\r\n\r\n')
    assert.match(line.text, /^HTTP\/1\.1 101 /)
    line.write(hello)
    await line.until(echoed)
    line.socket.destroy()
  })
}

test('frames in the same segment as the request are answered, in order, behind the response', async (t) => {
  const server = await serving(t)
  const frames = Array.from({ length: 50 }, (_, i) => wireFrame(1, `message ${i}`))
  const line = await dialServer(server)
  line.write(Buffer.concat([Buffer.from(upgrade()), ...frames]))
  await line.until('message 49')
  const answers = line.text.split('\r\n\r\n')[1]!
  assert.equal(
    answers,
    frames.map((_, i) => `\x81${String.fromCharCode(`message ${i}`.length)}message ${i}`).join(''),
  )
  line.socket.destroy()
})

test('many frames and a large message directly behind the request', async (t) => {
  const server = await serving(t)
  const large = Buffer.alloc(600_000, 'x')
  const peer = await connectTo(
    server,
    '/',
    Buffer.concat([wireFrame(2, large), wireFrame(1, 'end')]),
  )
  assert.equal(Buffer.compare((await peer.message()) as Uint8Array, large), 0)
  assert.equal(await peer.message(), 'end')
  peer.cut()
})

test('the same head again and again, with another key each time, is answered for its key', async (t) => {
  const server = await serving(t)
  const { createHash } = await import('node:crypto')
  for (let i = 0; i < 12; i++) {
    const key = Buffer.alloc(16, i).toString('base64')
    const answer = await answerTo(server, upgrade().replace('dGhlIHNhbXBsZSBub25jZQ==', key))
    const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
    const accept = createHash('sha1').update(`${key}${guid}`).digest('base64')
    assert.match(answer, /^HTTP\/1\.1 101 /)
    assert.ok(answer.includes(`: ${accept}\r\n`), answer)
  }
})

// --- Everything else is node:http's

test('a plain GET, and two requests on one line', async (t) => {
  const server = await serving(t)
  const response = await fetch(`${server.url}/page`)
  assert.equal(await response.text(), '<GET /page >')
  const line = await dialServer(server)
  line.write('GET /one HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await line.until('<GET /one >')
  line.write('GET /two HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await line.until('<GET /two >')
  line.socket.destroy()
})

test('a POST with a body, also a large one', async (t) => {
  const server = await serving(t)
  for (const body of ['small', 'x'.repeat(300_000)]) {
    const response = await fetch(`${server.url}/post`, { method: 'POST', body })
    assert.equal(await response.text(), `<POST /post ${body}>`)
  }
})

test('a client that expects to be told to go on is told so', async (t) => {
  const server = await serving(t)
  const line = await dialServer(server)
  line.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n')
  await line.until('HTTP/1.1 100 Continue')
  line.write('ok')
  await line.until('<POST / ok>')
  line.socket.destroy()
})

test('a plain request, and the upgrade behind it on the same line', async (t) => {
  const server = await serving(t, {
    http: (request, response) => void response.end(`<${request.method} ${request.url} >`),
  })
  const line = await dialServer(server)
  line.write(`GET /one HTTP/1.1\r\nHost: localhost\r\n\r\n${upgrade()}`)
  await line.until('HTTP/1.1 101 ')
  assert.ok(line.text.includes('<GET /one >'))
  line.write(hello)
  await line.until(echoed)
  line.socket.destroy()
})

test('refusals: a path that nobody serves, a body, a head that is too long, another protocol', async (t) => {
  const server = await serving(t, { limits: { headerBytes: 2_048 } })
  assert.match(
    await answerTo(server, upgrade({}, '/none')),
    /^HTTP\/1\.1 404 [^]*ERR_UPGRADE_NOT_FOUND/,
  )
  assert.match(
    await answerTo(server, upgrade({ 'Content-Length': '5' }), 'hello'),
    /^HTTP\/1\.1 413 [^]*ERR_UPGRADE_BODY/,
  )
  const long = upgrade({ 'X-Long': 'x'.repeat(3_000) })
  assert.match(await answerTo(server, long), /^HTTP\/1\.1 431 /)
  assert.match(await answerTo(server, '\x16\x03\x01 this is TLS'), /^HTTP\/1\.1 400 /)
})

test('a head as long as allowed is taken, one octet more is not', async (t) => {
  const server = await serving(t, { limits: { headerBytes: 1_024 } })
  const rest = 1_024 - upgrade({ X: '' }).length
  const fits = upgrade({ X: 'x'.repeat(rest) })
  assert.equal(fits.length, 1_024)
  for (let i = 0; i < 3; i++) assert.match(await answerTo(server, fits), /^HTTP\/1\.1 101 /)
  assert.match(await answerTo(server, upgrade({ X: 'x'.repeat(rest + 1_024) })), /^HTTP\/1\.1 431 /)
})

test('a head that is too long is judged by nobody', async (t) => {
  const acceptor = testAcceptor(undefined, { headerBytes: 1_024 })
  const listener = await new UringEngine().listen({ port: 0, host: '127.0.0.1' }, acceptor)
  t.after(() => listener.close())
  const line = await dial(listener.address)
  line.write(upgrade({ X: 'x'.repeat(1_500) }))
  assert.match(await line.ended(), /^HTTP\/1\.1 431 /)
  assert.deepEqual(acceptor.requests, [])
  line.socket.destroy()
})

// --- Any bytes: as on the node engine

const codeOf = (answer: string): string =>
  `${answer.slice(0, answer.indexOf('\r\n'))} ${/ERR_[A-Z_]+/.exec(answer)?.[0] ?? ''}`

test('whatever a request is changed to, it is answered as on the node engine', async (t) => {
  const options: ServeOptions = {
    http,
    host: '127.0.0.1',
    logger: null,
    limits: { handshakeMs: 2_000 },
    routes: { '/': echo, '/deflate': { ...echo, deflate: true } },
  }
  await using node = await serve({ ...options, engine: 'node' })
  const server = await serving(t, options)
  const request = upgrade({ Origin: 'http://localhost', Cookie: 'a=b' })
  const keyAt = request.indexOf('dGhl')
  // Heads that came before must not let others through.
  for (let i = 0; i < 3; i++) assert.match(await answerTo(server, request), /^HTTP\/1\.1 101 /)
  const changed = fc.oneof(
    fc
      .tuple(
        fc.nat({ max: request.length }),
        fc.constantFrom('', '\0', '\n', '\r\n', ' ', '\t', ':', ',', 'ä', 'x'),
        fc.nat({ max: 2 }),
      )
      .map(([at, text, gone]) => request.slice(0, at) + text + request.slice(at + gone)),
    // The one place in which heads differ.
    fc
      .tuple(
        fc.nat({ max: 20 }),
        fc.constantFrom('\r\nX: y', '\r\nHost: x', '\r\n\r\n', '\0', '  ', '====', ',', '\n'),
      )
      .map(([at, text]) => {
        const place = keyAt + Math.min(at, 24 - text.length)
        return request.slice(0, place) + text + request.slice(place + text.length)
      }),
    fc
      .constantFrom(
        'Content-Length: 3',
        'Transfer-Encoding: chunked',
        'Host: b',
        'Upgrade: h2c',
        'Sec-WebSocket-Version: 12',
        'Sec-WebSocket-Protocol: a',
        'Origin: http://evil.example',
        'Connection: close',
        'Sec-WebSocket-Extensions: permessage-deflate',
      )
      .map((line) => request.replace('Origin:', `${line}\r\nOrigin:`)),
  )
  await fc.assert(
    fc.asyncProperty(changed, async (text) => {
      const [expected, got] = await Promise.all([answerTo(node, text), answerTo(server, text)])
      assert.equal(codeOf(got), codeOf(expected), JSON.stringify(text))
    }),
    { numRuns: 150 },
  )
})

// --- Lines that say nothing, or leave

test('a line that says nothing is told 408 when its time is over, and closed', async (t) => {
  const server = await serving(t, { limits: { handshakeMs: 300 } })
  const since = performance.now()
  const lines = await Promise.all(Array.from({ length: 5 }, () => dialServer(server)))
  const answers = await Promise.all(lines.map((line) => line.ended()))
  const tookMs = performance.now() - since
  for (const answer of answers) {
    assert.match(answer, /^HTTP\/1\.1 408 /)
    assert.match(answer, /ERR_UPGRADE_TIMEOUT/)
  }
  assert.ok(tookMs > 290 && tookMs < 2_000, `${tookMs} ms`)
  for (const line of lines) line.socket.destroy()
  // Others are served meanwhile, and afterwards.
  const peer = await connectTo(server)
  peer.cut()
})

test('a line that says half of a request is told 408 too', async (t) => {
  const server = await serving(t, { limits: { handshakeMs: 300 } })
  const line = await dialServer(server)
  line.write(upgrade().slice(0, 50))
  assert.match(await line.ended(), /^HTTP\/1\.1 408 /)
  line.socket.destroy()
})

test('lines that end or are reset without a word leave nothing behind', async (t) => {
  const server = await serving(t)
  await answerTo(server, '')
  const before = openDescriptors()
  for (let i = 0; i < 50; i++) {
    const line = await dialServer(server)
    if (i % 2 === 0) line.socket.resetAndDestroy()
    else line.socket.end()
    if (i % 2 === 1) assert.equal(await line.ended(), '')
    line.socket.destroy()
  }
  await eventually('the lines to go', () => openDescriptors().length <= before.length)
})

// --- Judgements that take time

interface Waiting {
  readonly listener: Listener
  readonly engine: UringEngine
  readonly settle: (judgement: Judgement) => void
  readonly isAsked: () => boolean
}

async function judgingLate(handshakeMs: number): Promise<Waiting> {
  const { promise, resolve } = Promise.withResolvers<Judgement>()
  const acceptor = testAcceptor(() => promise, { handshakeMs })
  const engine = new UringEngine()
  const listener = await engine.listen({ port: 0, host: '127.0.0.1' }, acceptor)
  return { listener, engine, settle: resolve, isAsked: () => acceptor.requests.length > 0 }
}

function abandoning(calls: string[]): Acceptance {
  return {
    accepted: true,
    connect: () => assert.fail('nobody is there'),
    abandon: () => void calls.push('abandoned'),
  }
}

test('a judgement that takes too long is 503; what it accepts later is abandoned', async () => {
  const { listener, settle } = await judgingLate(100)
  const line = await dial(listener.address)
  line.write(upgrade())
  assert.match(await line.ended(), /^HTTP\/1\.1 503 /)
  const calls: string[] = []
  settle(abandoning(calls))
  await eventually('the abandonment', () => calls.length === 1)
  line.socket.destroy()
  await listener.close()
})

test('whose client leaves while it is judged is abandoned', async () => {
  const { listener, settle, isAsked } = await judgingLate(5_000)
  const line = await dial(listener.address)
  line.write(upgrade())
  await eventually('the question', isAsked)
  line.socket.resetAndDestroy()
  await line.closed()
  const calls: string[] = []
  settle(abandoning(calls))
  await eventually('the abandonment', () => calls.length === 1)
  await listener.close()
})

test('a listener that closes during a judgement takes its line along, and no other one later', async (t) => {
  const { promise, resolve } = Promise.withResolvers<Judgement>()
  const acceptor = testAcceptor(() => promise, { handshakeMs: 200 })
  const engine = new UringEngine()
  const where = { port: 0, host: '127.0.0.1' }
  const listener = await engine.listen(where, acceptor)
  const quiet = testAcceptor(() => new Promise(() => {}), { handshakeMs: 10_000 })
  const other = await engine.listen(where, quiet)
  t.after(() => other.close())
  const line = await dial(listener.address)
  line.write(upgrade())
  await eventually('the question', () => acceptor.requests.length > 0)
  await listener.close()
  await line.closed()
  // This one takes the place of the line that was cut, in the ring of both listeners.
  const successor = await dial(other.address)
  successor.write(upgrade())
  await eventually('the question', () => quiet.requests.length > 0)
  await new Promise((resolveLater) => setTimeout(resolveLater, 300))
  assert.equal(successor.text, '')
  assert.equal(successor.hasEnded, false)
  const calls: string[] = []
  resolve(abandoning(calls))
  await eventually('the abandonment', () => calls.length === 1)
  await other.close()
  await successor.closed()
})

// --- Accepting

test('an acceptance that ends is made again, for each line if need be', async (t) => {
  const { prototype } = Ring
  const { submit } = prototype
  t.after(() => void (prototype.submit = submit))
  let accepts = 0
  // Each acceptance ends after one line, as when the kernel's memory is short.
  prototype.submit = function (opcode, ...rest) {
    if (opcode === Operation.ACCEPT_MULTISHOT) accepts++
    const given = opcode === Operation.ACCEPT_MULTISHOT ? opcode & 0xffff : opcode
    submit.call(this, given, ...rest)
  }
  const single = await serveOn({})
  t.after(() => single.close({ graceMs: 0 }))
  const peers: WirePeer[] = []
  for (let i = 0; i < 20; i++) peers.push(await connectTo(single))
  const more = await Promise.all(Array.from({ length: 30 }, () => connectTo(single)))
  for (const peer of [...peers, ...more]) {
    peer.text('hello')
    assert.equal(await peer.message(), 'hello')
    peer.cut()
  }
  assert.ok(accepts >= 50, `${accepts} acceptances`)
})

test('the address of a client, with IPv4, IPv6 and both on one port', async (t) => {
  for (const [host, to, expected] of [
    ['127.0.0.1', '127.0.0.1', '127.0.0.1'],
    ['::1', '::1', '::1'],
    ['::', '127.0.0.1', '127.0.0.1'],
    ['::', '::1', '::1'],
  ] as const) {
    const told: string[] = []
    const open = (c: { request: { remoteAddress: string } }): void =>
      void told.push(c.request.remoteAddress)
    const server = await serving(t, { host, routes: { '/': callbacks({ open }) } })
    const line = await dial({ host: to, port: server.port })
    line.write(upgrade())
    await line.until('101')
    assert.deepEqual(told, [expected])
    line.socket.destroy()
  }
})

test('a head that is handed over is read once only, by whoever takes the line', async (t) => {
  // The same request on both ways, beside each other.
  const server = await serving(t)
  const lines = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const wire = await dialTcp(server.port, {
        method: 'GET',
        path: '/',
        headers: i % 2 === 0 ? {} : { te: 'trailers' },
        behind: wireFrame(1, `${i}`),
      })
      return new WirePeer(wire, untilInTime)
    }),
  )
  for (const [i, peer] of lines.entries()) {
    await peer.answered()
    assert.equal(peer.status, 101)
    assert.equal(await peer.message(), `${i}`)
    peer.text('again')
    assert.equal(await peer.message(), 'again')
    peer.cut()
  }
})
