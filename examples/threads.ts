// A thread for each connection: long queries of SQLite, whose interface blocks, while everybody else is served.
import { serve } from 'holdline'
import { threads } from 'holdline/threads'

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  routes: {
    '/sum': threads(new URL('./threads-session.ts', import.meta.url), { maxThreads: 32 }),
  },
})
console.log(server.url)
