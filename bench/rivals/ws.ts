// The rival `ws`, as its own documentation writes an echo server and a broadcast: argv[2] is the port.
// Compression is off by default, and so is every limit on what waits to be sent. It sends no pings by itself.
// With `bufferutil` installed, as its documentation advises, it masks in native code.
import WebSocket, { WebSocketServer } from 'ws'

const server = new WebSocketServer({
  port: Number(process.argv[2]),
  host: '127.0.0.1',
  maxPayload: 16 * 1024 * 1024,
})

const topics = new Map<string, Set<WebSocket>>()

server.on('connection', (connection, request) => {
  connection.on('error', () => {}) // the connection is closed all the same
  const path = request.url ?? '/'
  if (path.startsWith('/t/')) join(connection, path.slice(3))
  else connection.on('message', (data, isBinary) => connection.send(data, { binary: isBinary }))
})

function join(connection: WebSocket, name: string): void {
  const subscribers = topics.get(name) ?? new Set()
  topics.set(name, subscribers.add(connection))
  connection.on('message', (data, isBinary) => {
    for (const subscriber of subscribers) {
      if (subscriber.readyState === WebSocket.OPEN) subscriber.send(data, { binary: isBinary })
    }
  })
  connection.on('close', () => {
    subscribers.delete(connection)
    if (subscribers.size === 0) topics.delete(name)
  })
}
