// The chat room on the raw event loop: no model, no engine, no route. The program is told which descriptors are ready,
// and reads and writes them itself (../web-socket-line.ts).
import { createLoop, type Backend } from 'holdline/loop'
import { invalid, WebSocketLine, type LineCallbacks } from '../web-socket-line.ts'
import { Chat, joinedAlready, joinFirst, Room, type ChatOut } from './room.ts'

const room = new Room<WebSocketLine>()

function tell(member: WebSocketLine, message: ChatOut): void {
  member.send(JSON.stringify(message))
}

function tellAll(message: ChatOut): void {
  for (const member of room.members) tell(member, message)
}

const chat: LineCallbacks = {
  message(member, data) {
    const decoded = Chat.decode(data)
    if (decoded.issues !== undefined) return member.send(invalid(decoded.issues))
    const message = decoded.value
    const name = room.nameOf(member)
    if (message.type === 'say') {
      if (name === undefined) tell(member, joinFirst)
      else tellAll({ type: 'said', from: name, text: message.text })
      return
    }
    if (name !== undefined) return tell(member, joinedAlready)
    const others = [...room.members]
    const you = room.enter(member, message.name)
    for (const other of others) tell(other, { type: 'joined', name: you })
    tell(member, { type: 'welcome', you, people: room.people })
  },
  closed(member) {
    const name = room.leave(member)
    if (name !== undefined) tellAll({ type: 'left', name })
  },
}

const backend = process.env['BACKEND'] as Backend | undefined
const loop = createLoop(backend === undefined ? {} : { backend })
const listener = await loop.listen({ port: Number(process.env['PORT'] ?? 8080) }, (fd) => {
  new WebSocketLine(loop, fd, chat)
})
loop.signal('SIGTERM', () => loop.shutDown())
console.log(`http://localhost:${listener.port}`)
