// Over real lines. The acceptor refuses every upgrade and says in the body which address it was given, in <…>.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { ListenOptions, Listener, ProxyOptions } from '../../../src/connection/engine.ts'
import { NodeEngine } from '../../../src/engines/node/node-engine.ts'
import { ProxyFront } from '../../../src/engines/http/proxy-front.ts'
import type { ErrorCode } from '../../../src/protocol/errors.ts'
import { ContractAcceptor } from '../../../src/testing/contract-acceptor.ts'
import { v2Header, v2Ipv4 } from '../../protocol/proxy-header.ts'
import { dial, encrypt, eventually, Line, selfSigned, temporaryFolder, upgrade } from './line.ts'
import { testAcceptor } from './test-acceptor.ts'

const HERE = '127.0.0.1'
const v1 = 'PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\n'

async function listen(
  t: TestContext,
  proxy: ProxyOptions,
  more: ListenOptions = {},
  handshakeMs = 5_000,
): Promise<Listener> {
  const place = more.path === undefined ? { host: HERE, port: 0 } : {}
  const acceptor = testAcceptor(undefined, { handshakeMs })
  const listener = await new NodeEngine().listen({ ...place, ...more, proxy }, acceptor)
  t.after(() => listener.close())
  return listener
}

async function answerTo(listener: Listener, bytes: string | Uint8Array): Promise<string> {
  const line = await dial(listener.address)
  const text = await line.write(bytes).ended()
  line.socket.destroy()
  return /<.*>/.exec(text)?.[0] ?? text
}

const forwarded = (list: string): string => upgrade({ 'X-Forwarded-For': list })

/** What was cut, by a front of its own before a plain server. */
async function front(
  t: TestContext,
  options: ProxyOptions,
  handshakeMs: number,
): Promise<{ listener: Pick<Listener, 'address'>; cuts: [ErrorCode, string][] }> {
  const cuts: [ErrorCode, string][] = []
  const proxy = new ProxyFront(options, (...cut) => void cuts.push(cut))
  const http = createServer(
    (request, response) => void response.end(`<${proxy.addressOf(request)}>`),
  )
  const server = proxy.inFrontOf(http, handshakeMs)
  await new Promise<void>((resolve) => server.listen(0, HERE, resolve))
  t.after(() => {
    server.close()
    http.close()
    http.closeAllConnections()
    proxy.close()
  })
  const { port } = server.address() as { port: number }
  return { listener: { address: { host: HERE, port } }, cuts }
}

test('X-Forwarded-For is believed of trusted peers only', async (t) => {
  const trusting = await listen(t, { trusted: ['127.0.0.0/8'] })
  assert.equal(await answerTo(trusting, upgrade()), '<127.0.0.1>')
  assert.equal(await answerTo(trusting, forwarded('198.51.100.9, 192.0.2.1')), '<192.0.2.1>')
  assert.equal(await answerTo(trusting, forwarded('192.0.2.1, 127.0.0.9')), '<192.0.2.1>')
  assert.equal(await answerTo(trusting, forwarded('[2001:db8::1]:80')), '<2001:db8::1>')
  assert.equal(await answerTo(trusting, forwarded('unknown')), '<127.0.0.1>')
  const twice = upgrade({ 'X-Forwarded-For': '192.0.2.1', 'x-forwarded-for': '192.0.2.2' })
  assert.equal(await answerTo(trusting, twice), '<192.0.2.2>')

  for (const proxy of [
    { trusted: [] },
    { trusted: ['10.0.0.0/8', 'unix'] },
    { trusted: [HERE], forwardedFor: false },
  ]) {
    assert.equal(await answerTo(await listen(t, proxy), forwarded('192.0.2.1')), '<127.0.0.1>')
  }
})

test('over IPv6 sockets an IPv4 peer is an IPv4 peer', async (t) => {
  const listener = await listen(t, { trusted: [HERE] }, { host: '::' }).catch(() => null)
  if (listener === null || !('port' in listener.address)) {
    t.diagnostic('no IPv6 here')
    return
  }
  const { port } = listener.address
  const overIpv4 = { ...listener, address: { host: HERE, port } }
  assert.equal(await answerTo(overIpv4, upgrade()), '<127.0.0.1>')
  assert.equal(await answerTo(overIpv4, forwarded('192.0.2.1')), '<192.0.2.1>')
})

test("a Unix socket's peers have no address, and are trusted as 'unix'", async (t) => {
  const path = join(temporaryFolder(), 'unix')
  const trusting = await listen(t, { trusted: ['unix'] }, { path })
  assert.equal(await answerTo(trusting, upgrade()), '<>')
  assert.equal(await answerTo(trusting, forwarded('192.0.2.1')), '<192.0.2.1>')
  await trusting.close()
  const not = await listen(t, { trusted: ['0.0.0.0/0'] }, { path })
  assert.equal(await answerTo(not, forwarded('192.0.2.1')), '<>')
})

test('PROXY protocol: versions 1 and 2, whole or byte by byte', async (t) => {
  const listener = await listen(t, { trusted: [HERE], proxyProtocol: true })
  const longV2 = v2Header(0x21, 0x11, [
    192,
    0,
    2,
    2,
    127,
    0,
    0,
    1,
    0,
    1,
    0,
    2,
    ...Array<number>(3_000).fill(0),
  ])
  for (const [header, address] of [
    [Buffer.from(v1), '<192.0.2.1>'],
    [Buffer.from('PROXY TCP6 2001:DB8::1 ::1 1 2\r\n'), '<2001:db8::1>'],
    [v2Ipv4('192.0.2.7', 4_711), '<192.0.2.7>'],
    [longV2, '<192.0.2.2>'],
    [Buffer.from('PROXY UNKNOWN\r\n'), '<127.0.0.1>'],
    [v2Header(0x20, 0, []), '<127.0.0.1>'],
    [v2Header(0x21, 0, []), '<127.0.0.1>'],
  ] as const) {
    assert.equal(await answerTo(listener, Buffer.concat([header, Buffer.from(upgrade())])), address)
    const slowly = await dial(listener.address)
    for (const byte of header.length > 200 ? [header] : header) {
      slowly.write(typeof byte === 'number' ? Uint8Array.of(byte) : byte)
      await new Promise(setImmediate)
    }
    assert.ok((await slowly.write(upgrade()).ended()).endsWith(address))
    slowly.socket.destroy()
  }
})

test('PROXY protocol: the header of each line is its own, keep-alive or not', async (t) => {
  const { listener } = await front(t, { trusted: [HERE], proxyProtocol: true }, 5_000)
  const [one, other] = [await dial(listener.address), await dial(listener.address)]
  const request = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'
  await one.write(`${v1}${request}`).until('<192.0.2.1>')
  await other.write(v2Ipv4('192.0.2.2', 1)).write(request).until('<192.0.2.2>')
  one.forget()
  await one.write(request).until('<192.0.2.1>')
  one.socket.destroy()
  other.socket.destroy()
})

test('PROXY protocol: X-Forwarded-For counts only when the source is trusted as well', async (t) => {
  const listener = await listen(t, { trusted: [HERE, '10.0.0.0/8'], proxyProtocol: true })
  const behind = forwarded('198.51.100.9')
  assert.equal(await answerTo(listener, `${v1}${behind}`), '<192.0.2.1>')
  const inner = 'PROXY TCP4 10.0.0.1 127.0.0.1 1 2\r\n'
  assert.equal(await answerTo(listener, `${inner}${behind}`), '<198.51.100.9>')
  assert.equal(await answerTo(listener, `PROXY UNKNOWN\r\n${behind}`), '<198.51.100.9>')
})

test('PROXY protocol: of others the header is a malformed request', async (t) => {
  const listener = await listen(t, { trusted: ['10.0.0.0/8'], proxyProtocol: true })
  assert.match(await answerTo(listener, `${v1}${upgrade()}`), /^HTTP\/1\.1 400 /)
  const binary = Buffer.concat([v2Ipv4('192.0.2.1', 1), Buffer.from(upgrade())])
  assert.match(await answerTo(listener, binary), /^HTTP\/1\.1 400 /)
  assert.equal(await answerTo(listener, upgrade()), '<127.0.0.1>')
})

test('PROXY protocol: a trusted peer without a valid header is cut, unanswered', async (t) => {
  const { listener, cuts } = await front(t, { trusted: [HERE], proxyProtocol: true }, 5_000)
  for (const [bytes, code] of [
    ['GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', 'ERR_PROXY_HEADER_MISSING'],
    [Buffer.of(0x16, 3, 1, 0, 5), 'ERR_PROXY_HEADER_MISSING'],
    ['PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\nGET', 'ERR_PROXY_HEADER_MALFORMED'],
    ['PROXY TCP4 192.0.2.256 198.51.100.2 40000 443\r\n', 'ERR_PROXY_HEADER_MALFORMED'],
    [v2Header(0x21, 0x11, [1, 2, 3]), 'ERR_PROXY_HEADER_MALFORMED'],
    [`PROXY UNKNOWN ${'x'.repeat(10_000)}`, 'ERR_PROXY_HEADER_TOO_LONG'],
    [v2Header(0x20, 0, [], 0xffff), 'ERR_PROXY_HEADER_TOO_LONG'],
  ] as const) {
    const line = await dial(listener.address)
    assert.equal(await line.write(bytes).ended(), '')
    line.socket.destroy()
    assert.deepEqual(cuts.splice(0), [[code, HERE]])
  }
})

test('PROXY protocol: a slow header is cut at handshakeMs; so is silence', async (t) => {
  const { listener, cuts } = await front(t, { trusted: [HERE], proxyProtocol: true }, 200)
  const since = performance.now()
  const silent = await dial(listener.address)
  const slow = await dial(listener.address)
  slow.write('PROXY UNKNOWN ')
  const dripping = setInterval(() => slow.write('x'), 20)
  assert.equal(await silent.ended(), '')
  assert.equal(await slow.ended(), '')
  clearInterval(dripping)
  for (const line of [silent, slow]) line.socket.destroy()
  assert.ok(performance.now() - since >= 190)
  assert.deepEqual(cuts, [
    ['ERR_PROXY_HEADER_TIMEOUT', HERE],
    ['ERR_PROXY_HEADER_TIMEOUT', HERE],
  ])
})

test('PROXY protocol: behind the header the head of a request has its own time limit', async (t) => {
  const listener = await listen(t, { trusted: [HERE], proxyProtocol: true }, {}, 200)
  const line = await dial(listener.address)
  assert.match(await line.write(`${v1}GET / HTTP/1.1\r\nHost: a`).ended(), /^HTTP\/1\.1 408 /)
  line.socket.destroy()
})

test('PROXY protocol: who leaves during the header leaves nothing behind', async (t) => {
  const { listener, cuts } = await front(t, { trusted: [HERE], proxyProtocol: true }, 5_000)
  const ended = await dial(listener.address)
  ended.write('PROXY').socket.end()
  assert.equal(await ended.closed(), '')
  const reset = await dial(listener.address)
  reset.write('PROXY').socket.resetAndDestroy()
  await reset.closed()
  // A health check: a header, and the end.
  const check = await dial(listener.address)
  check.write(v1).socket.end()
  await check.closed()
  assert.deepEqual(cuts, [])
})

for (const isSplit of [false, true]) {
  test(`PROXY protocol before TLS, ${isSplit ? 'alone' : 'in one piece with the hello'}`, async (t) => {
    const tls = selfSigned()
    const listener = await listen(t, { trusted: [HERE], proxyProtocol: true }, { tls })
    for (const [header, address] of [
      [Buffer.from(v1), '<192.0.2.1>'],
      [v2Ipv4('192.0.2.7', 1), '<192.0.2.7>'],
      [v2Header(0x20, 0, []), '<127.0.0.1>'],
    ] as const) {
      const line = await dial(listener.address)
      // Corked, the header waits for the hello.
      if (!isSplit) line.socket.cork()
      line.write(header)
      if (isSplit) await new Promise((resolve) => setTimeout(resolve, 20))
      const encrypting = encrypt(line.socket)
      line.socket.uncork()
      const encrypted = await encrypting
      assert.ok((await encrypted.write(upgrade()).ended()).endsWith(address))
      encrypted.socket.destroy()
      line.socket.destroy()
    }
  })
}

test('PROXY protocol before TLS: no header, a slow hello, no hello', async (t) => {
  const tls = selfSigned()
  const listener = await listen(t, { trusted: [HERE], proxyProtocol: true }, { tls }, 200)
  const direct = await dial(listener.address)
  await assert.rejects(encrypt(direct.socket))
  direct.socket.destroy()
  const mute = await dial(listener.address)
  assert.equal(await mute.write(v1).ended(), '')
  mute.socket.destroy()
})

test('PROXY protocol before TLS: lines with one port but several addresses here are told apart', async (t) => {
  const tls = selfSigned()
  const proxy = { trusted: ['127.0.0.0/8'], proxyProtocol: true }
  const listener = await listen(t, proxy, { tls, host: '0.0.0.0' })
  assert.ok('port' in listener.address)
  const { port } = listener.address
  const first = await dial({ host: '127.0.0.1', port }, '127.0.0.9')
  const { localPort } = first.socket
  const second = await new Promise<Line>((resolve, reject) => {
    const place = { host: '127.0.0.2', port, localAddress: '127.0.0.9', localPort: localPort! }
    const socket = connect(place, () => resolve(new Line(socket))).once('error', reject)
  })
  const one = await encrypt(first.write(v1).socket)
  const other = await encrypt(second.write(v2Ipv4('192.0.2.2', 1)).socket)
  assert.match(await one.write(upgrade()).ended(), /<192\.0\.2\.1>/)
  assert.match(await other.write(upgrade()).ended(), /<192\.0\.2\.2>/)
  for (const line of [one, other, first, second]) line.socket.destroy()
})

test('PROXY protocol before TLS: an address is forgotten with its line', async (t) => {
  const proxy = new ProxyFront({ trusted: [HERE], proxyProtocol: true })
  const http = createTlsServer(
    selfSigned(),
    (request, response) => void response.end(`<${proxy.addressOf(request)}>`),
  )
  const server = proxy.inFrontOf(http, 5_000)
  await new Promise<void>((resolve) => server.listen(0, HERE, resolve))
  t.after(() => server.close())
  const line = await dial({ host: HERE, port: (server.address() as { port: number }).port })
  const { localPort } = line.socket
  const encrypted = await encrypt(line.write(v1).socket)
  await encrypted.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n').ended()
  assert.match(encrypted.text, /<192\.0\.2\.1>/)
  encrypted.socket.destroy()
  line.socket.destroy()
  // The same ends, asked again: what was said of them is gone.
  const ends = {
    remoteAddress: HERE,
    remotePort: localPort,
    localAddress: HERE,
    localPort: (server.address() as { port: number }).port,
  }
  const again = { socket: ends, headers: {} } as unknown as Parameters<typeof proxy.addressOf>[0]
  await eventually('the address to be forgotten', () => proxy.addressOf(again) === HERE)
})

test('PROXY protocol before TLS: what came before a FIN is answered', async (t) => {
  const tls = selfSigned()
  const listener = await listen(t, { trusted: [HERE], proxyProtocol: true }, { tls })
  const line = await dial(listener.address)
  const encrypted = await encrypt(line.write(v1).socket)
  encrypted.write(upgrade()).socket.end()
  assert.match(await encrypted.ended(), /<192\.0\.2\.1>/)
  line.socket.destroy()
})

test('PROXY protocol over a Unix socket', async (t) => {
  const path = join(temporaryFolder(), 'unix')
  const listener = await listen(t, { trusted: ['unix'], proxyProtocol: true }, { path })
  assert.equal(await answerTo(listener, `${v1}${upgrade()}`), '<192.0.2.1>')
  assert.equal(await answerTo(listener, `PROXY UNKNOWN\r\n${upgrade()}`), '<>')
  assert.equal(await answerTo(listener, upgrade()), '')
  const tls = selfSigned()
  const options = { path: `${path}2`, tls, proxy: { trusted: ['unix'], proxyProtocol: true } }
  await assert.rejects(new NodeEngine().listen(options, testAcceptor()), {
    code: 'ERR_OPTION_INVALID',
  })
})

test('options that cannot be meant are refused', async () => {
  const engine = new NodeEngine()
  for (const proxy of [
    { trusted: [], proxyProtocol: true },
    { trusted: ['nobody'] },
    { trusted: ['10.0.0.0/33'] },
  ]) {
    await assert.rejects(engine.listen({ port: 0, proxy }, testAcceptor()), {
      code: 'ERR_OPTION_INVALID',
    })
  }
})

for (const tls of [undefined, selfSigned()]) {
  test(`WebSockets behind the header, frames in one piece with it${tls ? ', over TLS' : ''}`, async (t) => {
    const engine = new NodeEngine()
    const acceptor = new ContractAcceptor(engine.clock, {
      '/': { behavior: { message: (c, data) => void c.send(data), close: () => {} } },
    })
    const proxy = { trusted: [HERE], proxyProtocol: true }
    const listener = await engine.listen(
      { port: 0, host: HERE, proxy, ...(tls && { tls }) },
      acceptor,
    )
    t.after(() => listener.close())
    const raw = await dial(listener.address)
    const hello = Buffer.from('818500000000', 'hex')
    const frame = Buffer.concat([hello, Buffer.from('Hello')])
    const request = Buffer.concat([Buffer.from(upgrade()), frame])
    let line = raw
    if (tls === undefined) raw.write(Buffer.concat([Buffer.from(v1), request]))
    else line = (await encrypt(raw.write(v1).socket)).write(request)
    await line.until('\u0081\u0005Hello')
    assert.equal(acceptor.opened[0]!.request.remoteAddress, '192.0.2.1')
    line.forget()
    await line.write(frame).until('\u0081\u0005Hello')
    line.socket.destroy()
    raw.socket.destroy()
    await eventually('the connection to close', () => acceptor.closed.length === 1)
  })
}

for (const proxyProtocol of [false, true]) {
  for (const tls of [undefined, selfSigned()]) {
    const name = `${proxyProtocol ? 'with' : 'without'} PROXY protocol${tls ? ' and TLS' : ''}`
    test(`closing ends every line, however far it had come, ${name}`, async (t) => {
      const proxy = { trusted: [HERE], proxyProtocol }
      const listener = await listen(t, proxy, tls && { tls }, 60_000)
      const header = proxyProtocol ? v1 : ''
      const mute = await dial(listener.address)
      const afterHeader = (await dial(listener.address)).write(header)
      const inRequest = await dial(listener.address)
      inRequest.write(header)
      const request = tls ? await encrypt(inRequest.socket) : inRequest
      request.write('GET / HTTP/1.1\r\n')
      const inTls = (await dial(listener.address))
        .write(header)
        .write(tls ? '\u0016\u0003\u0001' : '')
      await new Promise((resolve) => setTimeout(resolve, 30))
      listener.stopAccepting()
      await assert.rejects(dial(listener.address))
      const since = performance.now()
      await listener.close(50)
      for (const line of [mute, afterHeader, inTls, request]) {
        await line.ended()
        line.socket.destroy()
      }
      inRequest.socket.destroy()
      assert.ok(performance.now() - since < 2_000)
    })
  }
}
