// Holdline's topics, beside one another: what comes on `/t/<name>` is published to all of that path as it came, and on
// `/line` holdline.v1 is spoken. argv: the port, the engine, whether topics have history.
import { serve } from 'holdline'
import type { ServeOptions } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { line } from 'holdline/line'

const [port, engine, history] = process.argv.slice(2)

const server = await serve({
  port: Number(port),
  host: '127.0.0.1',
  engine: engine as NonNullable<ServeOptions['engine']>,
  heap: 'lean',
  logger: null,
  topics: { '*': { history: history === 'history', authorize: () => true } },
  routes: {
    '/t/:topic': callbacks({
      keepalive: false, // the load generator does not answer pings
      open(connection) {
        void connection.subscribe(topicOf(connection.request.params))
      },
      message(connection, data) {
        void server.publish(topicOf(connection.request.params), data)
      },
    }),
    '/line': line({ keepalive: false }),
  },
})

function topicOf(params: Readonly<Record<string, string>>): string {
  return params['topic'] ?? ''
}
