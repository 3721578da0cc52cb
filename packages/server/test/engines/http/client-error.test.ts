import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createConnection, createServer as createTcpServer } from 'node:net'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { answerClientError } from '../../../src/engines/http/client-error.ts'
import { dial, encrypt, eventually, Line, selfSigned } from './line.ts'

interface Listening {
  readonly address: { readonly host: string; readonly port: number }
  /** Lines that the server has open. */
  count(): Promise<number>
  readonly requests: string[]
}

async function listen(t: TestContext, server: Server): Promise<Listening> {
  const requests: string[] = []
  server.on('clientError', answerClientError)
  server.on('request', (request, response) => {
    requests.push(request.url!)
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as { port: number }
  const count = (): Promise<number> =>
    new Promise((resolve) => server.getConnections((_error, n) => resolve(n)))
  return { address: { host: '127.0.0.1', port }, count, requests }
}

test('what is no HTTP: 400, the code in the body, the end, and nothing behind it is served', async (t) => {
  const { address, requests } = await listen(t, createServer())
  const next = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
  for (const bytes of [
    'xx yy\r\n\r\n',
    'GET / HTTP/1.1\r\nHost : a\r\n\r\n',
    '\u0016\u0003\u0001\u0002\u0000',
    'GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n',
  ]) {
    const line = await dial(address)
    const text = await line.write(`${bytes}${next}`).ended()
    assert.match(text, /^HTTP\/1\.1 400 /)
    assert.match(text, /\r\nConnection: close\r\n/i)
    assert.match(text, /ERR_UPGRADE_MALFORMED/)
    assert.equal(text.split('HTTP/1.1').length, 2)
    line.write(next)
    line.socket.destroy()
  }
  assert.deepEqual(requests, [])
})

test('a head that is too long: 431, which arrives although more of it is sent', async (t) => {
  const { address } = await listen(t, createServer({ maxHeaderSize: 1_024 }))
  for (let run = 0; run < 20; run++) {
    const line = await dial(address)
    line.write('GET / HTTP/1.1\r\nHost: a\r\n')
    for (let i = 0; i < 40; i++) line.write(`X-${i}: ${'x'.repeat(2_000)}\r\n`)
    assert.match(await line.ended(), /^HTTP\/1\.1 431 .*ERR_UPGRADE_HEADERS/s)
    line.socket.destroy()
  }
})

test('a head that does not come: 408', async (t) => {
  const { address } = await listen(
    t,
    createServer({ headersTimeout: 100, connectionsCheckingInterval: 50 }),
  )
  const line = await dial(address)
  assert.match(
    await line.write('GET / HTTP/1.1\r\n').ended(),
    /^HTTP\/1\.1 408 .*ERR_UPGRADE_TIMEOUT/s,
  )
  line.socket.destroy()
})

test('who keeps the line after the answer is cut, whether or not more is sent', async (t) => {
  const { address, count } = await listen(t, createServer())
  const lines = [await dial(address), await dial(address)] as const
  for (const line of lines) await line.write('xx\r\n\r\n').ended()
  const dripping = setInterval(() => lines[0].write('x'), 20)
  const since = performance.now()
  while ((await count()) > 1) await new Promise((resolve) => setTimeout(resolve, 5))
  clearInterval(dripping)
  const ms = performance.now() - since
  // Not at once either, for all that is still sent: it has time to read.
  assert.ok(ms >= 400 && ms < 3_000, `${ms}`)
  for (const line of lines) line.socket.destroy()
})

test('a line that is reset in the middle of its head is gone without a word', async (t) => {
  const { address, count } = await listen(t, createServer())
  const line = await dial(address)
  line.write('GET / HT').socket.resetAndDestroy()
  while ((await count()) > 0) await new Promise((resolve) => setTimeout(resolve, 5))
})

test('TLS that never comes about is cut; within TLS the answer arrives', async (t) => {
  const { address, count } = await listen(
    t,
    createTlsServer({ ...selfSigned(), handshakeTimeout: 150 }),
  )
  const silent = await dial(address)
  const since = performance.now()
  assert.equal(await silent.ended(), '')
  while ((await count()) > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.ok(performance.now() - since < 400)
  const plain = await dial(address)
  assert.doesNotMatch(await plain.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n').ended(), /HTTP/)
  const raw = await dial(address)
  const within = await encrypt(raw.socket)
  assert.match(await within.write('xx yy\r\n\r\n').ended(), /^HTTP\/1\.1 400 /)
  for (const line of [silent, plain, raw, within]) line.socket.destroy()
  while ((await count()) > 0) await new Promise((resolve) => setTimeout(resolve, 5))
})

test('a socket that cannot be written to is destroyed', async (t) => {
  const server = createTcpServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const client = createConnection((server.address() as { port: number }).port, '127.0.0.1')
  const line = new Line(client)
  const [socket] = (await once(server, 'connection')) as [Socket]
  socket.end()
  answerClientError(new Error('too late'), socket)
  await eventually('the end', () => socket.destroyed)
  assert.equal(await line.ended(), '')
  client.destroy()
})
