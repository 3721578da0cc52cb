// Finds out whether an address can be listened on, by doing so for a moment.

import { createServer } from 'node:net'
import type { ListenAddress, ListenOptions } from '../../connection/engine.ts'
import { bind } from './listen.ts'

/**
 * Gives the address that was listened on, with the port that was found for 0. Nobody else may listen there now,
 * not even with SO_REUSEPORT.
 *
 * @throws HoldlineError ERR_LISTEN_*
 */
export async function probeAddress(options: ListenOptions): Promise<ListenAddress> {
  const { port, host, path } = options
  // Whoever connects in this moment is let go without an answer.
  const server = createServer((socket) => socket.destroy())
  const where =
    path !== undefined
      ? { path }
      : { ...(port !== undefined && { port }), ...(host !== undefined && { host }) }
  const address = await bind(server, where)
  await new Promise((resolve) => server.close(resolve))
  return address
}
