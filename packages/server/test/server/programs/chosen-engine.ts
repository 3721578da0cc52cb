// Serves an echo with the engine that is asked for, talks to it once, and tells what was logged.
import { once } from 'node:events'
import { serve } from 'holdline'
import type { ServeOptions } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { WebSocket } from 'ws'

const [name = 'auto'] = process.argv.slice(2)
const engine = name as Exclude<NonNullable<ServeOptions['engine']>, object>
const info: string[] = []
const other: string[] = []
process.on('warning', ({ message }) => other.push(message))

try {
  await using server = await serve({
    port: 0,
    host: '127.0.0.1',
    engine,
    logger: {
      info: (line: string) => void info.push(line),
      warn: (line: string) => void other.push(line),
      error: (line: string) => void other.push(line),
    },
    routes: { '/': callbacks({ message: (c, data) => void c.send(data) }) },
  })
  const client = new WebSocket(server.url.replace('http', 'ws'))
  await once(client, 'open')
  client.send('hello')
  const [echoed] = (await once(client, 'message')) as [Buffer]
  client.terminate()
  const { name: chosen, reason } = server.engine
  console.log(JSON.stringify({ chosen, reason, info, other, echoed: String(echoed) }))
} catch (error) {
  const { code, message } = error as { code?: string; message: string }
  console.log(JSON.stringify({ code, message, info, other }))
}
