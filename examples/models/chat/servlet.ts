// The chat room as requests and replies. To say something is a request like any other. To join is one that stays open:
// its replies are what is heard, until the connection closes. So a client has two requests under way, told apart by ids.
import { EventEmitter, on } from 'node:events'
import { serve } from 'holdline'
import { servlet } from 'holdline/servlet'
import { Chat, joinedAlready, joinFirst, Room, type ChatOut } from './room.ts'

const room = new Room<number>()
const events = new EventEmitter<{ heard: [ChatOut] }>().setMaxListeners(0)

const chat = servlet(
  Chat,
  (message, { connection, signal }) => {
    const name = room.nameOf(connection.id)
    if (message.type === 'say') {
      if (name === undefined) return joinFirst
      events.emit('heard', { type: 'said', from: name, text: message.text })
      return undefined
    }
    return name === undefined ? stay(connection.id, message.name, signal) : joinedAlready
  },
  { concurrency: 2 },
)

async function* stay(member: number, wanted: string, signal: AbortSignal): AsyncGenerator<ChatOut> {
  const you = room.enter(member, wanted)
  events.emit('heard', { type: 'joined', name: you })
  // What a member has not read yet waits in here, without a bound: a room for strangers would count it.
  const heard = on(events, 'heard', { signal }) as AsyncIterable<[ChatOut]>
  try {
    yield { type: 'welcome', you, people: room.people }
    for await (const [message] of heard) yield message
  } finally {
    room.leave(member)
    events.emit('heard', { type: 'left', name: you })
  }
}

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  routes: { '/chat': chat },
})
console.log(server.url)
