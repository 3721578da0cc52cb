// The chat room on a dispatch queue. What members share belongs to one serial queue, and is touched in its blocks only:
// one at a time, to their end, also where they wait.
import { serve } from 'holdline'
import { dispatch, queue, type TypedConnection } from 'holdline/queues'
import { Chat, joinedAlready, joinFirst, Room, type ChatOut } from './room.ts'

const lobby = queue.serial({ label: 'lobby' })
/** Of the lobby. */
const room = new Room<TypedConnection<typeof Chat>>()

function tellAll(message: ChatOut): void {
  for (const member of room.members) member.send(message)
}

const chat = dispatch(Chat, {
  queue: lobby,
  message(member, message) {
    const name = room.nameOf(member)
    if (message.type === 'say') {
      if (name === undefined) member.send(joinFirst)
      else tellAll({ type: 'said', from: name, text: message.text })
      return
    }
    if (name !== undefined) return void member.send(joinedAlready)
    const others = [...room.members]
    const you = room.enter(member, message.name)
    for (const other of others) other.send({ type: 'joined', name: you })
    member.send({ type: 'welcome', you, people: room.people })
  },
  close(member) {
    const name = room.leave(member)
    if (name !== undefined) tellAll({ type: 'left', name })
  },
})

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  routes: { '/chat': chat },
})
console.log(server.url)
