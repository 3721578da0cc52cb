// The script server over real sockets, in JSON and MessagePack.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { jsonEnvelopes } from '../src/envelope.ts'
import { msgpack } from 'holdline-client/msgpack'
import type { Envelope } from 'holdline-client'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { ScriptServer } from './script-server.ts'

export interface LineServer {
  readonly url: string
  readonly script: ScriptServer
  readonly http: Server
  readonly sockets: ReadonlySet<WebSocket>
}

/** `page` is what HTTP requests get, by path. */
export async function lineServer(
  context: Pick<TestContext, 'after'>,
  page: Readonly<Record<string, string>> = {},
): Promise<LineServer> {
  const script = new ScriptServer()
  const http = createServer(({ url = '/' }, response) => {
    const text = page[url]
    const type = url.endsWith('.js') ? 'text/javascript' : 'text/html'
    response.writeHead(text === undefined ? 404 : 200, { 'content-type': type }).end(text)
  })
  const sockets = new WebSocketServer({ server: http })
  sockets.on('connection', (socket) => serveSocket(script, socket))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  context.after(() => {
    for (const socket of sockets.clients) socket.terminate()
    http.closeAllConnections()
    http.close()
  })
  const { port } = http.address() as AddressInfo
  return { url: `ws://127.0.0.1:${port}/live`, script, http, sockets: sockets.clients }
}

function serveSocket(script: ScriptServer, socket: WebSocket): void {
  const codec = socket.protocol === msgpack.protocol ? msgpack : jsonEnvelopes
  const line = script.open((envelope) => {
    if (socket.readyState === socket.OPEN) socket.send(codec.encode(envelope))
  })
  socket.on('message', (data: Buffer, isBinary) => {
    const message = isBinary ? new Uint8Array(data).buffer : data.toString()
    script.hear(line, codec.decode(message) as Envelope)
  })
  socket.on('close', () => script.lines.delete(line))
  socket.on('error', () => {})
  script.greet(line)
}
