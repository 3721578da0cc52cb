// A program that serves two connections with threads, one of which never returns, closes its server, and has to end by
// itself: nothing here ends it.
import { once } from 'node:events'
import { serve } from 'holdline'
import { threads } from 'holdline/threads'
import { WebSocket } from 'ws'

const server = await serve({
  engine: 'node',
  host: '127.0.0.1',
  logger: null,
  routes: {
    '/': threads(new URL('../sessions/tasks.ts', import.meta.url), {
      graceMs: 60_000,
      keepMs: 60_000,
    }),
  },
})
const url = server.url.replace('http', 'ws')
const kept = new WebSocket(url)
await once(kept, 'open')
kept.send('x')
await once(kept, 'message')
const spinning = new WebSocket(`${url}?task=spin`)
await once(spinning, 'message')
for (const line of [kept, spinning]) {
  line.close()
  await once(line, 'close')
}
await server.close()
