// `serve`: a server from options, in this process or in several.

import { engineFor, engineLine } from './choose-engine.ts'
import { LocalServer } from './local-server.ts'
import type { ResolvedOptions, ServeOptions } from './options.ts'
import { resolveOptions } from './options.ts'
import type { Server } from './server.ts'
import { handleSignals } from './signals.ts'
import { serveSupervised } from './supervised-server.ts'
import { serveInWorker, takeWorkerPlace } from './worker.ts'

/**
 * Starts a server and resolves when it listens.
 *
 * With `processes` above 1 the program is run once more in each worker: there `serve` starts that worker's
 * server, and in the first process it becomes the supervisor. With 1 there are no other workers: routes that have a
 * `join` are not joined to anybody.
 *
 * @throws HoldlineError ERR_OPTION_INVALID, ERR_ROUTE_INVALID, ERR_LISTEN_*, ERR_BROKER_START, ERR_WORKER_START
 */
export async function serve(options: ServeOptions): Promise<Server> {
  const resolved = resolveOptions(options)
  if (resolved.processCount === 1) return serveAlone(resolved)
  const place = takeWorkerPlace()
  return place === null ? serveSupervised(resolved) : serveInWorker(resolved, place)
}

async function serveAlone(options: ResolvedOptions): Promise<Server> {
  const server = new LocalServer(options, await engineFor(options))
  await server.start((engine, acceptor) => engine.listen(options.listen, acceptor))
  options.logger?.info(engineLine(server.engine))
  if (options.signals) {
    const leaveSignals = handleSignals({ stop: () => server.close(), abandon: () => {} })
    void server.closed.then(leaveSignals)
  }
  return server
}
