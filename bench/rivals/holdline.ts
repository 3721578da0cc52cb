// Holdline, as its guide writes an echo and topics. argv: the port, the engine, the heap (docs/decisions/0006).
// PROCESSES in the environment: how many worker processes; one by default.
import { serve } from 'holdline'
import type { ServeOptions } from 'holdline'
import { callbacks } from 'holdline/callbacks'

const [port, engine, heap] = process.argv.slice(2)

const server = await serve({
  port: Number(port),
  host: '127.0.0.1',
  engine: engine as NonNullable<ServeOptions['engine']>,
  processes: Number(process.env['PROCESSES'] ?? 1),
  heap: heap === 'default' ? 'default' : 'lean',
  limits: {
    messageBytes: 16 * 1024 * 1024,
    bufferedBytes: 1024 * 1024 * 1024, // a subscriber that is behind is not closed with 1013
  },
  logger: null,
  routes: {
    '/': callbacks({
      keepalive: false, // the load generator does not answer pings; no rival sends any
      message(connection, data) {
        connection.send(data)
      },
    }),
    '/t/:topic': callbacks({
      keepalive: false,
      open(connection) {
        void connection.subscribe(topicOf(connection.request.params))
      },
      message(connection, data) {
        void server.publish(topicOf(connection.request.params), data)
      },
    }),
  },
})

function topicOf(params: Readonly<Record<string, string>>): string {
  return params['topic'] ?? ''
}
