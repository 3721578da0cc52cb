import { callbacks } from 'holdline/callbacks'
import { serveRoutes } from './serve-routes.ts'
import { makeTrouble } from './trouble.ts'

export function start(port: number): Promise<void> {
  return serveRoutes(port, {
    echo: callbacks({
      keepalive: false,
      message: (connection, message) => void connection.send(message),
    }),
    trouble: callbacks({
      keepalive: false,
      async message(connection, message) {
        await makeTrouble(message.toString())
        connection.send(message)
      },
    }),
  })
}
