// Who is on the other end of a line when proxies stand in front: X-Forwarded-For and the PROXY protocol, believed
// only of trusted addresses.

import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { ProxyOptions } from '../../connection/engine.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import type { ErrorCode } from '../../protocol/errors.ts'
import { canonicalIpAddress } from '../../protocol/ip-address.ts'
import { ProxyHeaderParser } from '../../protocol/proxy-protocol.ts'
import type { ProxyHeader, ProxySource } from '../../protocol/proxy-protocol.ts'
import { forwardedAddress } from './forwarded-for.ts'
import { TrustedAddresses } from './trusted-addresses.ts'

/** Hears of each line that was cut because of its PROXY header. */
export type OnCut = (code: ErrorCode, peer: string) => void

export class ProxyFront {
  readonly #trusted: TrustedAddresses
  readonly #takesForwardedFor: boolean
  readonly #takesProxyProtocol: boolean
  readonly #onCut: OnCut
  /** Whether lines come over a Unix socket, so that nobody has an address. */
  #isUnix = false
  /** Lines whose PROXY header is awaited. */
  readonly #waiting = new Set<Socket>()
  /** What PROXY headers said, by the socket that requests have. */
  readonly #sources = new WeakMap<Socket, ProxySource>()
  /** The same where requests have the socket that node:tls put around that one: by `lineKey`. */
  readonly #sourcesOfTls = new Map<string, ProxySource>()

  /** @throws HoldlineError ERR_OPTION_INVALID */
  constructor(options: ProxyOptions | undefined, onCut: OnCut = warnOnce()) {
    const { trusted = [], forwardedFor = true, proxyProtocol = false } = options ?? {}
    this.#trusted = new TrustedAddresses(trusted)
    this.#takesForwardedFor = forwardedFor
    this.#takesProxyProtocol = proxyProtocol
    this.#onCut = onCut
    if (proxyProtocol && this.#trusted.isEmpty) {
      const detail = 'proxy.proxyProtocol without proxy.trusted: nobody may send its header'
      throw new HoldlineError('ERR_OPTION_INVALID', detail)
    }
  }

  /** The address of the other side; '' where there is none. IPv4-mapped IPv6 is given as IPv4. */
  readonly addressOf = (request: IncomingMessage): string => {
    const { socket, headers } = request
    const peer = this.#sourceOf(socket)?.address ?? peerAddress(socket)
    if (!this.#takesForwardedFor || !this.#trusts(peer)) return peer
    const header = headers['x-forwarded-for']
    const list = Array.isArray(header) ? header.join(',') : header
    return forwardedAddress(list, (address) => this.#trusted.has(address)) ?? peer
  }

  /**
   * The server that has to listen, on a Unix socket where `path` is given: `http` itself, or one that reads PROXY
   * headers and then hands each line to `http`. A header has to be whole after `handshakeMs`.
   *
   * @throws HoldlineError ERR_OPTION_INVALID
   */
  inFrontOf(http: Server, handshakeMs: number, path?: string): Server {
    const isTls = http instanceof TlsServer
    if (this.#takesProxyProtocol && isTls && path !== undefined) {
      // Nothing that node:tls documents leads from its socket to the one beneath, which has no address here.
      const detail = 'proxy.proxyProtocol with tls on a Unix socket: let the proxy end TLS'
      throw new HoldlineError('ERR_OPTION_INVALID', detail)
    }
    this.#isUnix = path !== undefined
    if (!this.#takesProxyProtocol) return http
    // Half open, as the lines of the server behind are.
    const front = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#receive(socket, http, isTls, handshakeMs),
    )
    // From this event on node:http looks for requests that are late.
    front.on('listening', () => http.emit('listening'))
    return front
  }

  /** Cuts the lines whose header is still awaited. */
  close(): void {
    for (const socket of this.#waiting) socket.destroy()
  }

  #trusts(peer: string): boolean {
    return peer === '' ? this.#isUnix && this.#trusted.trustsUnix : this.#trusted.has(peer)
  }

  #sourceOf(socket: Socket): ProxySource | undefined {
    const source = this.#sources.get(socket)
    if (source !== undefined || this.#sourcesOfTls.size === 0) return source
    return this.#sourcesOfTls.get(lineKey(socket))
  }

  #receive(socket: Socket, http: Server, isTls: boolean, handshakeMs: number): void {
    const peer = peerAddress(socket)
    if (!this.#trusts(peer)) {
      http.emit('connection', socket)
      return
    }
    this.#waiting.add(socket)
    readHeader(socket, handshakeMs, (result) => {
      this.#waiting.delete(socket)
      if (result === null || socket.destroyed) {
        socket.destroy()
      } else if (typeof result === 'string') {
        socket.destroy()
        this.#onCut(result, peer)
      } else {
        this.#remember(socket, isTls, result.source)
        http.emit('connection', socket)
      }
    })
  }

  #remember(socket: Socket, isTls: boolean, source: ProxySource | null): void {
    if (!isTls) {
      if (source !== null) this.#sources.set(socket, source)
      return
    }
    const key = lineKey(socket)
    // A new line can have the ends of one that was reset, before that one is noticed to be gone.
    this.#sourcesOfTls.delete(key)
    if (source === null) return
    this.#sourcesOfTls.set(key, source)
    socket.once('close', () => {
      if (this.#sourcesOfTls.get(key) === source) this.#sourcesOfTls.delete(key)
    })
  }
}

/** Tells what came first on a line, once; null where it went away before. What follows stays in the socket. */
function readHeader(
  socket: Socket,
  timeoutMs: number,
  done: (result: ProxyHeader | ErrorCode | null) => void,
): void {
  const parser = new ProxyHeaderParser()
  const settle = (result: ProxyHeader | ErrorCode | null): void => {
    clearTimeout(timer)
    socket.off('readable', read).off('end', gone).off('close', gone)
    done(result)
    socket.off('error', ignoreError)
  }
  const gone = (): void => settle(null)
  const read = (): void => {
    for (;;) {
      const chunk = socket.read() as Buffer | null
      if (chunk === null) return
      const result = parser.push(chunk)
      if (result === null) continue
      const rest = typeof result === 'string' ? undefined : chunk.subarray(result.rest)
      if (rest !== undefined && rest.length > 0) socket.unshift(rest)
      settle(result)
      return
    }
  }
  const timer = setTimeout(settle, timeoutMs, 'ERR_PROXY_HEADER_TIMEOUT')
  socket.on('readable', read).on('end', gone).on('close', gone).on('error', ignoreError)
}

/** Both ends, as node:tls tells them too: a port of the other side can reach several addresses of this one. */
function lineKey({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress}|${remotePort}|${localAddress}|${localPort}`
}

function peerAddress({ remoteAddress = '' }: Socket): string {
  return canonicalIpAddress(remoteAddress) ?? remoteAddress
}

/** Tells the operator, but not for every line: a health check without header comes every few seconds. */
function warnOnce(): OnCut {
  const told = new Set<ErrorCode>()
  return (code, peer) => {
    if (told.has(code)) return
    told.add(code)
    const { message } = new HoldlineError(code, `a line from ${peer || 'a Unix socket'}`)
    process.emitWarning(`${message} Further lines are cut without a warning.`, { code })
  }
}

function ignoreError(): void {}
