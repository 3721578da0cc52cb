import { dispatch } from 'holdline/queues'
import { serveRoutes } from './serve-routes.ts'
import { makeTrouble } from './trouble.ts'

export function start(port: number): Promise<void> {
  return serveRoutes(port, {
    echo: dispatch({
      keepalive: false,
      message: (connection, message) => void connection.send(message),
    }),
    trouble: dispatch({
      keepalive: false,
      async message(connection, message) {
        await makeTrouble(message.toString())
        connection.send(message)
      },
    }),
  })
}
