// A server that ends by itself when the first message comes.
import { WebSocketServer } from 'ws'

new WebSocketServer({ port: Number(process.argv[2]), host: '127.0.0.1' }).on(
  'connection',
  (connection) => {
    connection.on('message', () => {
      console.error('out of order')
      process.exit(7)
    })
  },
)
