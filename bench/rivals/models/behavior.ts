// No model: the functions that the core calls.
import type { Behavior, Route } from 'holdline'
import { serveRoutes } from './serve-routes.ts'
import { makeTrouble } from './trouble.ts'

function route(message: Behavior['message']): Route<never> {
  const behavior: Behavior = { message, close() {} }
  return { model: 'behavior', behavior, keepalive: false }
}

export function start(port: number): Promise<void> {
  return serveRoutes(port, {
    echo: route((connection, data) => void connection.send(data)),
    trouble: route((connection, data) => {
      const trouble = makeTrouble(data.toString())
      if (trouble === undefined) connection.send(data)
      else void trouble.then(() => connection.send('done'))
    }),
  })
}
