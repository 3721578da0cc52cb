// The rival Socket.IO, over WebSocket only: argv[2] is the port. A connection that has joined a room by the event
// 'join' publishes what it sends as 'm' there; any other gets it back. ../src/process/dialect.ts has the frames.
import { createServer } from 'node:http'
import { Server } from 'socket.io'

const http = createServer()
const server = new Server(http, {
  transports: ['websocket'],
  serveClient: false,
  perMessageDeflate: false,
  httpCompression: false,
  // 16 MiB of text may take four times that as JSON. What waits to be sent has no limit.
  maxHttpBufferSize: 64 * 1024 * 1024,
  // Engine.IO always pings. A day between pings: the load generator does not answer; no other rival sends any.
  pingInterval: 24 * 60 * 60 * 1000,
})

// "Discard the initial HTTP request", from its page on memory usage.
server.engine.on('connection', (connection: { request: unknown }) => {
  connection.request = null
})

server.on('connection', (connection) => {
  let room: string | undefined
  connection.on('join', (name: string, joined: () => void) => {
    room = name
    void connection.join(name)
    joined()
  })
  connection.on('m', (payload: string | Buffer) => {
    if (room === undefined) connection.emit('m', payload)
    else server.to(room).emit('m', payload)
  })
})

http.listen(Number(process.argv[2]), '127.0.0.1')
