// Holdline on its `node` engine, with the heap that is for processes that hold many connections: argv[2] is the port.
import { serve } from 'holdline'
import { callbacks } from 'holdline/callbacks'

await serve({
  port: Number(process.argv[2]),
  host: '127.0.0.1',
  engine: 'node',
  heap: 'lean',
  routes: {
    '/': callbacks({
      message(connection, data) {
        connection.send(data)
      },
    }),
  },
})
