// Routes on an HTTP server that somebody else made: beside its own requests and its other upgrade listeners.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server as HttpServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { attach } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { WebSocket, WebSocketServer } from 'ws'
import { selfSignedCertificate } from '../../../../conformance/certificate.ts'

const echo = callbacks({ message: (c, data) => void c.send(data) })
const quiet = { logger: null }

async function listening(http: HttpServer = createServer()): Promise<HttpServer> {
  http.on('request', (request, response) => response.end(`plain ${request.url}`))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  return http
}

const addressOf = (http: HttpServer): string => `127.0.0.1:${(http.address() as AddressInfo).port}`

async function ended(http: HttpServer): Promise<void> {
  http.closeAllConnections()
  http.close()
  await once(http, 'close')
}

async function said(url: string, options?: WebSocket.ClientOptions): Promise<string> {
  const socket = new WebSocket(url, options)
  await once(socket, 'open')
  socket.send('hello')
  const [data] = (await once(socket, 'message')) as [Buffer]
  socket.terminate()
  return data.toString()
}

/** The status of a refused upgrade. */
async function refused(url: string): Promise<number> {
  const socket = new WebSocket(url)
  const [, response] = (await once(socket, 'unexpected-response')) as [
    unknown,
    { statusCode: number; resume(): void },
  ]
  response.resume()
  socket.on('error', () => {})
  socket.terminate()
  return response.statusCode
}

test('routes are served, and plain requests stay with the program', async () => {
  const http = await listening()
  await using server = await attach(http, { '/echo': echo }, quiet)
  assert.equal(server.url, `http://${addressOf(http)}`)
  assert.equal(server.engine.reason, 'attached')
  assert.equal(await said(`ws://${addressOf(http)}/echo`), 'hello')
  assert.equal(await (await fetch(`http://${addressOf(http)}/echo`)).text(), 'plain /echo')
  assert.equal((await server.stats()).routes[0]!.messagesReceived, 1)
  await server.close()
  await ended(http)
})

test('beside ws on another path, whichever came first', async () => {
  for (const isFirst of [true, false]) {
    const http = await listening()
    const other = new WebSocketServer({ noServer: true })
    other.on('connection', (socket) => socket.on('message', () => socket.send('from ws')))
    const listen = (): void => {
      http.on('upgrade', (request, socket, head) => {
        if (request.url !== '/ws') return
        other.handleUpgrade(request, socket, head, (opened) => other.emit('connection', opened))
      })
    }
    if (isFirst) listen()
    const server = await attach(http, { '/echo': echo }, quiet)
    if (!isFirst) listen()
    assert.equal(await said(`ws://${addressOf(http)}/echo`), 'hello')
    assert.equal(await said(`ws://${addressOf(http)}/ws`), 'from ws')
    await server.close()
    // The other library goes on after Holdline has left.
    assert.equal(await said(`ws://${addressOf(http)}/ws`), 'from ws')
    await ended(http)
  }
})

test('where nobody else listens, unknown paths are refused with 404', async () => {
  const http = await listening()
  const server = await attach(http, { '/echo': echo }, quiet)
  assert.equal(await refused(`ws://${addressOf(http)}/none`), 404)
  await server.close()
  await ended(http)
})

test('close() closes the connections, lets go of the server, and leaves it listening', async () => {
  const http = await listening()
  const server = await attach(http, { '/echo': echo }, quiet)
  const socket = new WebSocket(`ws://${addressOf(http)}/echo`)
  await once(socket, 'open')
  const closed = once(socket, 'close') as Promise<[number]>
  await server.close({ code: 1012 })
  assert.equal((await closed)[0], 1012)
  assert.equal(http.listenerCount('upgrade'), 0)
  assert.equal(http.listening, true)
  assert.equal(await (await fetch(`http://${addressOf(http)}/x`)).text(), 'plain /x')
  // And may be attached to again.
  const again = await attach(http, { '/again': echo }, quiet)
  assert.equal(await said(`ws://${addressOf(http)}/again`), 'hello')
  await again.close()
  await ended(http)
})

test('two sets of routes on one server do not get in the way of each other', async () => {
  const http = await listening()
  const one = await attach(http, { '/one': echo }, quiet)
  const two = await attach(
    http,
    { '/two': callbacks({ message: (c) => void c.send('two') }) },
    quiet,
  )
  assert.equal(await said(`ws://${addressOf(http)}/one`), 'hello')
  assert.equal(await said(`ws://${addressOf(http)}/two`), 'two')
  await one.close()
  assert.equal(await said(`ws://${addressOf(http)}/two`), 'two')
  await two.close()
  await ended(http)
})

test('an HTTP server that listens later, and one with TLS', async () => {
  const http = createServer()
  const server = await attach(http, { '/': echo }, quiet)
  assert.equal(server.port, 0)
  await listening(http)
  assert.equal(server.port, (http.address() as AddressInfo).port)
  assert.equal(await said(`ws://${addressOf(http)}/`), 'hello')
  await server.close()
  await ended(http)

  const { key, cert } = selfSignedCertificate()
  const https = await listening(createTlsServer({ key, cert }))
  const secure = await attach(https, { '/': echo }, quiet)
  assert.equal(await said(`wss://${addressOf(https)}/`, { ca: cert }), 'hello')
  await secure.close()
  await ended(https)
})

test('options and routes are checked as those of serve', async () => {
  const http = createServer()
  await assert.rejects(attach(http, { chat: echo }, quiet), { code: 'ERR_ROUTE_INVALID' })
  await assert.rejects(attach(http, {}, { graceMs: -1 }), { code: 'ERR_OPTION_INVALID' })
  await assert.rejects(attach(http, {}, { limits: { closeMs: 0 } }), { code: 'ERR_OPTION_INVALID' })
  assert.equal(http.listenerCount('upgrade'), 0)
})
