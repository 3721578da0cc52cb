// The chat room with callbacks: functions called as things happen, on state that they share. None of them waits, so
// none is interrupted: between two lines nobody else touches the room.
import { serve } from 'holdline'
import { callbacks, type TypedConnection } from 'holdline/callbacks'
import { Chat, joinedAlready, joinFirst, Room, type ChatOut } from './room.ts'

const room = new Room<TypedConnection<typeof Chat>>()

function tellAll(message: ChatOut): void {
  for (const member of room.members) member.send(message)
}

const chat = callbacks(Chat, {
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
