// The gateway with its built-in configuration: wires the page, the chat and the echo to a server. Knows no terminal.

import { serve } from 'holdline'
import type { Server } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { loadAssets } from './assets.ts'
import { chatPresence, chatRoute, chatTopics } from './chat/chat-route.ts'
import type { GatewayOptions } from './command-line.ts'
import { httpHandler } from './http-handler.ts'

/** What the gateway tells an operator beside its start-up line; information is left to that line. */
const logger = {
  info: (): void => {},
  warn: (message: string): void => console.warn(message),
  error: (message: string, error?: unknown): void =>
    console.error(message, ...(error ? [error] : [])),
}

/**
 * Starts the gateway; resolves when it listens. With several processes it runs in each of them: in the workers it
 * serves, in the first process it supervises.
 * @throws HoldlineError ERR_LISTEN_*, ERR_OPTION_INVALID, ERR_WORKER_*
 */
export async function startGateway(options: GatewayOptions): Promise<Server> {
  const { port, host, processes, engine } = options
  // Someone may ask before `serve` has resolved.
  const started = Promise.withResolvers<void>()
  const server: Server = await serve({
    port,
    ...(host !== undefined && { host }),
    processes,
    engine,
    signals: true,
    logger,
    http: httpHandler(loadAssets(), async () => {
      await started.promise
      const { isDraining, connections } = await server.stats()
      return { isDraining, connectionCount: connections }
    }),
    topics: chatTopics,
    presence: chatPresence,
    routes: { '/chat': chatRoute(), '/echo': echoRoute },
  })
  started.resolve()
  return server
}

const echoRoute = callbacks({
  message(connection, data) {
    connection.send(data)
  },
})
