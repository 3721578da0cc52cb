// The engine that runs everywhere: node:http and node:https parse the requests, node:net moves the bytes. HTTP
// and WebSockets on one port.

import type { IncomingMessage, Server as HttpServer } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import { Server as NetServer } from 'node:net'
import type { Socket } from 'node:net'
import type { Acceptor, Engine, ListenOptions, Listener } from '../../connection/engine.ts'
import { acceptWaiting } from '../http/accept-waiting.ts'
import { HttpFront } from '../http/http-front.ts'
import { bind } from '../http/listen.ts'
import { ProxyFront } from '../http/proxy-front.ts'
import { isWebSocketUpgrade, UpgradeGate } from '../http/upgrade-gate.ts'
import { adoptSocket } from './adopt-socket.ts'
import { ProcessClock } from '../../connection/process-clock.ts'

export class NodeEngine implements Engine {
  readonly name = 'node'
  readonly clock: ProcessClock = new ProcessClock(false)

  async listen(options: ListenOptions, acceptor: Acceptor): Promise<Listener> {
    const front = new HttpFront(options, acceptor, adoptSocket)
    const address = await bind(front.listening, options)
    return {
      address,
      retire: async () => {
        await acceptWaiting(front.listening)
        // That of node:http would also cut the lines that have not sent their request yet.
        NetServer.prototype.close.call(front.listening)
      },
      stopAccepting: () => front.stopAccepting(),
      close: (graceMs = 0) => front.close(graceMs),
    }
  }

  /**
   * Serves the routes on an HTTP server that somebody else made and listens with. Upgrades of other paths are
   * left to its other listeners, and refused where there are none. Returns how to stop.
   */
  attach(http: HttpServer | HttpsServer, acceptor: Acceptor): () => void {
    const proxy = new ProxyFront(undefined)
    const gate = new UpgradeGate(acceptor, proxy.addressOf, adoptSocket)
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
