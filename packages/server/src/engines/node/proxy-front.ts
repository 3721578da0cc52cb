// Who is on the other end of a line when proxies stand in front: X-Forwarded-For and the PROXY protocol, believed
// only of trusted addresses.

import type { IncomingMessage } from 'node:http'
import type { Server } from 'node:net'
import type { ProxyOptions } from '../../connection/engine.ts'

export class ProxyFront {
  constructor(_options: ProxyOptions | undefined) {}

  readonly addressOf = (request: IncomingMessage): string => request.socket.remoteAddress ?? ''

  inFrontOf(http: Server, _handshakeMs: number): Server {
    return http
  }

  close(): void {}
}
