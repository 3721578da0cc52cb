// A room per path whose messages run on one queue, so that its state needs no lock; hashes are computed on threads.
import { serve } from 'holdline'
import { dispatch, queue } from 'holdline/queues'
import type { Queue } from 'holdline/queues'
import type * as Tasks from './queues-tasks.ts'

const threads = queue.pool<typeof Tasks>(new URL('./queues-tasks.ts', import.meta.url))
const rooms = queue.keyed<string>({ label: 'room' })
/** How many messages each room has had; read before an `await` and written behind it, on the room's queue. */
const counts = new Map<string, number>()

async function countOf(room: string): Promise<number> {
  const before = counts.get(room) ?? 0
  await new Promise((resolve) => setTimeout(resolve, 1)) // a database, say
  counts.set(room, before + 1)
  return before + 1
}

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  routes: {
    '/room/:name': dispatch({
      upgrade: (request) => ({ data: { room: request.params['name'] ?? '' } }),
      queue: (connection): Queue => rooms.get(connection.data.room),
      message: async (connection, message) => {
        const count = await countOf(connection.data.room)
        connection.send(`${count}: ${message.toString()}`)
      },
    }),
    '/hash': dispatch({
      message: async (connection, message) => {
        connection.send(await threads.run('hash', [message.toString()]))
      },
    }),
  },
})
console.log(server.url)
