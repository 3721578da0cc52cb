// The HTTP side of an engine on sockets: one server of node:http or node:https, and all that stands around it.
// It must not know who accepts the lines, nor what carries a connection after its upgrade.

import type { IncomingMessage, Server as HttpServer, ServerOptions } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Server as NetServer, Socket } from 'node:net'
import type { Acceptor, HttpHandler, ListenOptions } from '../../connection/engine.ts'
import { answerClientError } from './client-error.ts'
import { PlainRequests } from './plain-requests.ts'
import { ProxyFront } from './proxy-front.ts'
import { isWebSocketUpgrade, UpgradeGate } from './upgrade-gate.ts'
import type { AddressOf, Adopt } from './upgrade-gate.ts'

/**
 * Not by `import`, which reads every getter of a built-in module: those of node:http load a WebSocket client and with it all
 * of fetch, 16 MB and 35 ms of each process. node:https is for those who have it.
 */
const { createServer, ServerResponse } = process.getBuiltinModule('node:http')

/** What the front needs to know of where it listens. */
export type FrontOptions = Pick<ListenOptions, 'path' | 'proxy' | 'tls'>

export class HttpFront {
  /** What has to listen, or to be given lines by `take`: the HTTP server, or what reads PROXY headers before it. */
  readonly listening: NetServer
  /** Tells the address of the other side, proxies considered. */
  readonly addressOf: AddressOf
  readonly #http: HttpServer | HttpsServer
  readonly #requests: PlainRequests
  readonly #proxy: ProxyFront
  readonly #gate: UpgradeGate
  /** Lines beneath TLS. */
  readonly #tlsLines: ReadonlySet<Socket>

  /**
   * `adopt` is given the line of each upgrade that was accepted.
   *
   * @throws HoldlineError ERR_OPTION_INVALID
   */
  constructor(options: FrontOptions, acceptor: Acceptor, adopt: Adopt) {
    const http = createHttpServer(options, acceptor)
    this.#http = http
    this.#requests = new PlainRequests(http)
    this.#proxy = new ProxyFront(options.proxy)
    this.addressOf = this.#proxy.addressOf
    this.#gate = new UpgradeGate(acceptor, this.addressOf, adopt)
    http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      if (isWebSocketUpgrade(request)) this.#gate.pass(request, socket, head)
      else servePlain(acceptor.http, request, socket)
    })
    http.on('clientError', answerClientError)
    this.#tlsLines = options.tls === undefined ? NO_LINES : openLines(http)
    this.listening = this.#proxy.inFrontOf(http, acceptor.limits.handshakeMs, options.path)
  }

  /**
   * Serves a line that somebody else accepted, as if `listening` had accepted it. What was read from it already
   * is lost: peek, or `unshift` it. Call `started` once before.
   */
  take(socket: Socket): void {
    // As the servers here have it for what they accept themselves.
    socket.allowHalfOpen = true
    socket.setNoDelay(true)
    this.listening.emit('connection', socket)
  }

  /** For who listens elsewhere and calls `take`: from now on requests that are late are looked for. */
  started(): void {
    // node:http begins to look at this event, and at no line.
    this.#http.emit('listening')
  }

  /** No new lines from now on; those without a request under way end, the others stay. */
  stopAccepting(): void {
    const { listening } = this
    if (listening !== this.#http && listening.listening) listening.close()
    // Whether it listens or not: closing also ends idle lines and gives timers back.
    this.#http.close()
  }

  /** Waits up to `graceMs` for plain requests under way, cuts them, and gives everything back. */
  async close(graceMs: number): Promise<void> {
    this.#gate.close()
    this.#proxy.close()
    this.stopAccepting()
    await this.#requests.ended(graceMs)
    this.#http.closeAllConnections()
    for (const line of this.#tlsLines) line.destroy()
  }
}

function createHttpServer(options: FrontOptions, acceptor: Acceptor): HttpServer | HttpsServer {
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
      : process.getBuiltinModule('node:https').createServer({
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
