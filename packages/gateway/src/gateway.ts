// The gateway with its built-in configuration: wires the page, the chat and the echo to a server. Knows no terminal.

import { contract, serve } from 'holdline'
import type { Route, Server } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { loadAssets } from './assets.ts'
import { chatIn, chatOut } from './chat/chat-contract.ts'
import { Chat } from './chat/chat.ts'
import type { Member } from './chat/chat.ts'
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
  const chat = new Chat()
  // Someone may connect before `serve` has resolved; they wait at the door until the chat hears the other workers.
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
    routes: { '/chat': chatRoute(chat, started.promise), '/echo': echoRoute },
  })
  const isSupervisor = server.workerId === 0 && server.processCount > 1
  if (!isSupervisor) chat.start(server)
  started.resolve()
  return server
}

const echoRoute = callbacks({
  message(connection, data) {
    connection.send(data)
  },
})

interface ChatData {
  member?: Member
}

function chatRoute(chat: Chat, started: Promise<void>): Route<ChatData> {
  return callbacks(contract({ in: chatIn, out: chatOut }), {
    limits: {
      messageBytes: 16_384,
      messagesPerSecond: 50,
      bytesPerSecond: 131_072,
      connections: 20_000,
      connectionsPerAddress: 1_000,
    },
    async upgrade(): Promise<{ data: ChatData }> {
      await started
      return { data: {} }
    },
    open(connection) {
      connection.data.member = chat.enter(connection)
    },
    message(connection, message) {
      connection.data.member?.receive(message)
    },
    close(connection) {
      connection.data.member?.leave()
    },
  })
}
