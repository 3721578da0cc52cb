import { threads } from 'holdline/threads'
import { serveRoutes } from './serve-routes.ts'

export function start(port: number): Promise<void> {
  const options = { keepalive: false } as const
  return serveRoutes(port, {
    echo: threads(new URL('./threads/echo.ts', import.meta.url), options),
    trouble: threads(new URL('./threads/trouble.ts', import.meta.url), options),
  })
}
