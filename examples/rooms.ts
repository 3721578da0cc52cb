// Rooms over topics: whoever is connected to /room/<name> hears what is said there.
import { serve } from 'holdline'
import { callbacks } from 'holdline/callbacks'

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  routes: {
    '/room/:name': callbacks({
      upgrade: (request) => ({ data: { topic: `room/${request.params['name']}` } }),
      open: (connection) => connection.subscribe(connection.data.topic),
      message: (connection, data) => server.publish(connection.data.topic, data),
    }),
  },
})
console.log(server.url)
