import { servlet } from 'holdline/servlet'
import { serveRoutes } from './serve-routes.ts'
import { makeTrouble } from './trouble.ts'

export function start(port: number): Promise<void> {
  return serveRoutes(port, {
    echo: servlet((message) => message, { keepalive: false }),
    trouble: servlet(
      async (message) => {
        await makeTrouble(message.toString())
        return message
      },
      { keepalive: false },
    ),
  })
}
