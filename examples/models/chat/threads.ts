// The chat room with a thread for each member. The conversation is written as it happens, from its first line to its
// last, and waits by blocking; what the threads share stands in shared memory, behind a lock.
import { isMainThread } from 'node:worker_threads'
import { serve } from 'holdline'
import { blocking, threads } from 'holdline/threads'
import { Chat, joinedAlready, joinFirst } from './room.ts'
import { SharedRoom, sharedRoomBytes } from './shared-room.ts'

// oxlint-disable-next-line import/no-default-export -- what a thread's module is
export default blocking<typeof Chat, SharedArrayBuffer>(Chat, (session) => {
  const room = new SharedRoom(session.data)
  let message = session.recv()
  for (; message?.type === 'say'; message = session.recv()) session.send(joinFirst)
  if (message === null) return

  session.subscribe('chat')
  const { slot, you, people } = room.enter(message.name)
  session.send({ type: 'welcome', you, people })
  session.publish('chat', { type: 'joined', name: you })
  while ((message = session.recv()) !== null) {
    if (message.type === 'join') session.send(joinedAlready)
    else session.publish('chat', { type: 'said', from: you, text: message.text })
  }
  room.leave(slot)
  session.publish('chat', { type: 'left', name: you })
})

if (isMainThread) {
  const memory = new SharedArrayBuffer(sharedRoomBytes)
  const server = await serve({
    port: Number(process.env['PORT'] ?? 8080),
    routes: {
      '/chat': threads(Chat, import.meta.url, {
        upgrade: () => ({ data: memory }),
        publish: (topic, message) => server.publish(topic, message),
      }),
    },
  })
  console.log(server.url)
}
