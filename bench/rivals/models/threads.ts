import { threads } from 'holdline/threads'
import { serveRoutes } from './serve-routes.ts'

export function start(port: number): Promise<void> {
  // None is kept for the next connection: what a connection takes is measured, its thread included.
  const options = { keepalive: false, keepThreads: 0 } as const
  return serveRoutes(port, {
    echo: threads(new URL('./threads/echo.ts', import.meta.url), options),
    trouble: threads(new URL('./threads/trouble.ts', import.meta.url), options),
  })
}
