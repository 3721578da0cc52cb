// Rooms over several machines: servers that share a Redis or Valkey hear one another, and keep what was said last.
import { serve } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { redis } from 'holdline/redis'

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  broker: redis({ url: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379' }),
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
