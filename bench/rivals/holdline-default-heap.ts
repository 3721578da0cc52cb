// Holdline on its `node` engine, without its care for the heap (docs/decisions/0006): argv[2] is the port.
import { serve } from 'holdline'
import { callbacks } from 'holdline/callbacks'

await serve({
  port: Number(process.argv[2]),
  host: '127.0.0.1',
  engine: 'node',
  heap: 'default',
  routes: {
    '/': callbacks({
      message(connection, data) {
        connection.send(data)
      },
    }),
  },
})
