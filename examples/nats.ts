// Rooms over several machines: servers that share a NATS hear one another, and JetStream keeps what was said last.
import { serve } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { nats } from 'holdline/nats'

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  broker: nats({ servers: process.env['NATS_URL'] ?? '127.0.0.1:4222' }),
  topics: { 'room.*': { history: { count: 100 } } },
  routes: {
    '/room/:name': callbacks({
      upgrade: (request) => ({ data: { topic: `room.${request.params['name']}` } }),
      open: async (connection) => {
        // Whoever joins hears the last 100 messages first.
        await connection.subscribe(connection.data.topic, { since: 'start' })
      },
      message: async (connection, text) => {
        await server.publish(connection.data.topic, text)
      },
    }),
  },
})
console.log(server.url)
