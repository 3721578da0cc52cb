// The same routes made with the `ws` package, to see that the cases ask for the RFC and not for Holdline.
// What `ws` does not offer (timeouts, limits per address) is left out; those cases fail against it.

import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws'
import { selfSignedCertificate } from './certificate.ts'
import { plainResponse, tellRunner } from './server-process.ts'

type OnMessage = (c: WebSocket, data: Buffer, isBinary: boolean) => void

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const echo: OnMessage = (c, data, binary) => c.send(data, { binary })

function route(onMessage: OnMessage, options: ServerOptions = {}): WebSocketServer {
  const server = new WebSocketServer({ noServer: true, maxPayload: 1_048_576, ...options })
  return server.on('connection', (c) => {
    c.on('error', () => {})
    c.on('message', (data: Buffer, binary) => onMessage(c, data, binary))
  })
}

function inOrder(): OnMessage {
  let last = Promise.resolve()
  return (c, data, binary) => {
    const ms = data.subarray(0, 4).toString() === 'slow' ? 40 : 0
    last = last.then(() => sleep(ms)).then(() => c.send(data, { binary }))
  }
}

const routes: Readonly<Record<string, WebSocketServer>> = {
  '/echo': route(echo),
  '/deflate': route(echo, { perMessageDeflate: { threshold: 0 } }),
  '/subprotocol': route(echo, {
    handleProtocols: (offered) => ['chat', 'superchat'].find((name) => offered.has(name)) ?? false,
  }),
  '/any-origin': route(echo),
  '/listed-origins': route(echo),
  '/limits': route(echo, { maxPayload: 1024 }),
  '/limits-deflate': route(echo, { maxPayload: 1024, perMessageDeflate: { threshold: 0 } }),
  '/idle': route(echo),
  '/keepalive': route(echo),
  '/messages-per-second': route(echo),
  '/bytes-per-second': route(echo),
  '/two-connections': route(echo),
  '/per-address': route(echo),
  '/async': route(inOrder()),
  '/async-accept': route(echo, { perMessageDeflate: true }),
  '/refused': route(echo, { verifyClient: (_info, done) => done(false, 401) }),
  '/throws': route((c) => c.close(1011)),
  '/rejects': route((c) => c.close(1011)),
  '/close': route((c, data) => {
    const [code = '', reason = ''] = data.toString().split(' ')
    if (code === 'terminate') c.terminate()
    else if (code === '') c.close()
    else c.close(Number(code), reason)
  }),
  '/misuse': route((c) => {
    try {
      c.close(1000, new Float64Array(8) as unknown as string)
    } catch (error) {
      c.send(`${(error as Error).name}`)
    }
  }),
  '/flood': route((c, data) => {
    for (let i = 0; i < Number(data); i++) c.send(`${i} `.padEnd(1024, '.'))
  }),
}

function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const path = (request.url ?? '').replace(/\?.*/, '')
  const server = Object.hasOwn(routes, path) ? routes[path] : undefined
  socket.on('error', () => {})
  if (server === undefined) {
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    return
  }
  server.handleUpgrade(request, socket, head, (c) => server.emit('connection', c, request))
}

async function listen(server: Server): Promise<number> {
  server.on('upgrade', upgrade)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

tellRunner({
  ws: await listen(createHttpServer(plainResponse)),
  wss: await listen(createHttpsServer(selfSignedCertificate(), plainResponse)),
})
