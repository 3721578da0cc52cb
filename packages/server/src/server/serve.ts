// `serve`: a server from options, in this process or in several.

import { chooseEngine } from './choose-engine.ts'
import { LocalServer } from './local-server.ts'
import type { ServeOptions } from './options.ts'
import { resolveOptions } from './options.ts'
import type { Server } from './server.ts'

/**
 * Starts a server and resolves when it listens.
 *
 * With `processes` above 1 the program is run once more in each worker: there `serve` starts that worker's
 * server, and in the first process it becomes the supervisor.
 *
 * @throws HoldlineError ERR_OPTION_INVALID, ERR_ROUTE_INVALID, ERR_LISTEN_*, ERR_WORKER_*
 */
export async function serve(options: ServeOptions): Promise<Server> {
  const resolved = resolveOptions(options)
  const engine = chooseEngine(resolved.engine)
  const server = new LocalServer(resolved, engine)
  return server.start((chosen, acceptor) => chosen.listen(resolved.listen, acceptor))
}
