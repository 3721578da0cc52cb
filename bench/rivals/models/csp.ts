import { task } from 'holdline/csp'
import { serveRoutes } from './serve-routes.ts'
import { makeTrouble } from './trouble.ts'

export function start(port: number): Promise<void> {
  return serveRoutes(port, {
    echo: task(
      async ({ rx, tx }) => {
        for await (const message of rx) await tx.send(message)
      },
      { keepalive: false },
    ),
    trouble: task(
      async ({ rx, tx }) => {
        for await (const message of rx) {
          await makeTrouble(message.toString())
          await tx.send(message)
        }
      },
      { keepalive: false },
    ),
  })
}
