// `attach`: routes on an HTTP server that the program already has.

import type { Server as HttpServer } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { ListenAddress } from '../connection/engine.ts'
import type { Route } from '../connection/route.ts'
import { NodeEngine } from '../engines/node/node-engine.ts'
import { LocalServer } from './local-server.ts'
import type { ServeOptions } from './options.ts'
import { resolveOptions } from './options.ts'
import type { Server } from './server.ts'

/** What may be set for attached routes: all but what concerns listening. */
export type AttachOptions = Pick<
  ServeOptions,
  | 'limits'
  | 'origins'
  | 'presence'
  | 'admission'
  | 'drain'
  | 'topics'
  | 'histories'
  | 'broker'
  | 'graceMs'
  | 'logger'
>

/**
 * Serves routes on an HTTP server that the program made and listens with. Plain requests, and upgrades of other
 * paths, stay with its own listeners. `close` closes the connections and leaves the HTTP server alone.
 *
 * @throws HoldlineError ERR_OPTION_INVALID, ERR_ROUTE_INVALID
 */
export async function attach(
  http: HttpServer | HttpsServer,
  routes: Readonly<Record<string, Route>>,
  options: AttachOptions = {},
): Promise<Server> {
  const resolved = resolveOptions({ ...options, routes, heap: 'default' })
  const engine = new NodeEngine()
  const server = new LocalServer(resolved, { name: engine.name, reason: 'attached', engine })
  return server.start((_engine, acceptor) => {
    const detach = engine.attach(http, acceptor)
    return {
      get address() {
        return addressOf(http)
      },
      stopAccepting: detach,
      close: () => Promise.resolve(),
    }
  })
}

/** The HTTP server may begin to listen later. */
function addressOf(http: HttpServer | HttpsServer): ListenAddress {
  const address: AddressInfo | string | null = http.address()
  if (typeof address === 'string') return { path: address }
  return { host: address?.address ?? '::', port: address?.port ?? 0 }
}
