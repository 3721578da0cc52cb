// The engine that runs everywhere: node:http and node:https parse the requests, node:net moves the bytes. HTTP
// and WebSockets on one port.

import { createServer, ServerResponse } from 'node:http'
import type { IncomingMessage, Server as HttpServer, ServerOptions } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Server as HttpsServer } from 'node:https'
import { Server as NetServer } from 'node:net'
import type { Socket } from 'node:net'
import type {
  Acceptor,
  Engine,
  HttpHandler,
  ListenOptions,
  Listener,
} from '../../connection/engine.ts'
import { listHas } from '../../protocol/header-list.ts'
import { answerClientError } from './client-error.ts'
import { acceptWaiting } from './accept-waiting.ts'
import { bind } from './listen.ts'
import { NodeClock } from './node-clock.ts'
import { PlainRequests } from './plain-requests.ts'
import { ProxyFront } from './proxy-front.ts'
import { UpgradeGate } from './upgrade-gate.ts'

export class NodeEngine implements Engine {
  readonly name = 'node'
  readonly clock: NodeClock = new NodeClock()

  async listen(options: ListenOptions, acceptor: Acceptor): Promise<Listener> {
    const http = createHttpServer(options, acceptor)
    const requests = new PlainRequests(http)
    const proxy = new ProxyFront(options.proxy)
    const gate = new UpgradeGate(acceptor, proxy.addressOf)
    http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      if (isWebSocketUpgrade(request)) gate.pass(request, socket, head)
      else servePlain(acceptor.http, request, socket)
    })
    http.on('clientError', answerClientError)
    const tlsLines = options.tls === undefined ? NO_LINES : openLines(http)
    const listening: NetServer = proxy.inFrontOf(http, acceptor.limits.handshakeMs, options.path)
    const address = await bind(listening, options)
    return {
      address,
      retire: async () => {
        await acceptWaiting(listening)
        // That of node:http would also cut the lines that have not sent their request yet.
        NetServer.prototype.close.call(listening)
      },
      stopAccepting: () => stopAccepting(http, listening),
      close: async (graceMs = 0) => {
        gate.close()
        proxy.close()
        stopAccepting(http, listening)
        await requests.ended(graceMs)
        http.closeAllConnections()
        for (const line of tlsLines) line.destroy()
      },
    }
  }

  /**
   * Serves the routes on an HTTP server that somebody else made and listens with. Upgrades of other paths are
   * left to its other listeners, and refused where there are none. Returns how to stop.
   */
  attach(http: HttpServer | HttpsServer, acceptor: Acceptor): () => void {
    const proxy = new ProxyFront(undefined)
    const gate = new UpgradeGate(acceptor, proxy.addressOf)
    const onUpgrade = (request: IncomingMessage, socket: Socket, head: Buffer): void => {
      const isOurs = isWebSocketUpgrade(request) && acceptor.serves(request.url ?? '')
      if (isOurs || http.listenerCount('upgrade') === 1) gate.pass(request, socket, head)
    }
    http.on('upgrade', onUpgrade)
    return () => {
      http.off('upgrade', onUpgrade)
      gate.close()
    }
  }
}

function createHttpServer(options: ListenOptions, acceptor: Acceptor): HttpServer | HttpsServer {
  const { handshakeMs, headerBytes } = acceptor.limits
  const settings: ServerOptions = {
    maxHeaderSize: headerBytes,
    headersTimeout: handshakeMs,
    // How often node:http looks for requests that are late.
    connectionsCheckingInterval: Math.max(50, Math.min(250, handshakeMs / 4)),
    noDelay: true,
    // Plain requests that merely name another protocol (h2c) stay plain requests.
    shouldUpgradeCallback: isWebSocketUpgrade,
  }
  const server =
    options.tls === undefined
      ? createServer(settings)
      : createTlsServer({
          ...settings,
          handshakeTimeout: handshakeMs,
          // As node:http has it: answers to what came before a FIN are still sent.
          allowHalfOpen: true,
          ...options.tls,
        })
  if (acceptor.http !== null) server.on('request', acceptor.http)
  return server
}

/** What lies beneath TLS, where node:http does not see lines that are still agreeing upon keys. */
function openLines(http: NetServer): ReadonlySet<Socket> {
  const lines = new Set<Socket>()
  http.on('connection', (socket: Socket) => {
    lines.add(socket)
    socket.once('close', () => lines.delete(socket))
  })
  return lines
}

const NO_LINES: ReadonlySet<Socket> = new Set()

function stopAccepting(http: HttpServer | HttpsServer, listening: NetServer): void {
  if (listening.listening) listening.close()
  // Never listened when it stands behind another server; closing gives its timers back all the same.
  if (listening !== http) http.close()
  http.closeIdleConnections()
}

function isWebSocketUpgrade(request: IncomingMessage): boolean {
  return listHas(request.headers.upgrade ?? '', 'websocket')
}

/** Before Node 24.9 every upgrade arrives here: one that is not for a WebSocket is answered as a request. */
function servePlain(http: HttpHandler | null, request: IncomingMessage, socket: Socket): void {
  socket.on('error', () => socket.destroy())
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.on('finish', () => socket.end())
  if (http === null) response.writeHead(404).end()
  else http(request, response)
}
