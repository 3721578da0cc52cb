// The smallest server: every message comes back.   node -C source examples/echo.ts
import { serve } from 'holdline'
import { callbacks } from 'holdline/callbacks'

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  routes: {
    '/echo': callbacks({ message: (connection, data) => void connection.send(data) }),
  },
})
console.log(server.url)
