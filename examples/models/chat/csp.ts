// The chat room as communicating tasks. One task owns the room, so nothing needs a lock; each member has a task that
// listens to the line and one that writes to it. They share channels and no state.
import { serve } from 'holdline'
import { channel, group, task, type Channel } from 'holdline/csp'
import { Chat, joinedAlready, joinFirst, Room, type ChatIn, type ChatOut } from './room.ts'

/** What waits to be written to a member. */
type Inbox = Channel<ChatOut>
const inboxLength = 256

/** What the members tell the room; no message when they go. */
const events = channel<{ readonly inbox: Inbox; readonly message?: ChatIn }>()

async function keepRoom(): Promise<void> {
  const room = new Room<Inbox>()
  const tell = (inbox: Inbox, message: ChatOut): void => {
    // The room waits for nobody: whoever does not read is shown out.
    if (!inbox.isClosed && !inbox.trySend(message)) inbox.close()
  }
  const tellAll = (message: ChatOut): void => {
    for (const inbox of room.members) tell(inbox, message)
  }

  for await (const { inbox, message } of events) {
    const name = room.nameOf(inbox)
    if (message === undefined) {
      room.leave(inbox)
      if (!inbox.isClosed) inbox.close()
      if (name !== undefined) tellAll({ type: 'left', name })
    } else if (message.type === 'say') {
      if (name === undefined) tell(inbox, joinFirst)
      else tellAll({ type: 'said', from: name, text: message.text })
    } else if (name === undefined) {
      const others = [...room.members]
      const you = room.enter(inbox, message.name)
      for (const other of others) tell(other, { type: 'joined', name: you })
      tell(inbox, { type: 'welcome', you, people: room.people })
    } else tell(inbox, joinedAlready)
  }
}
void keepRoom()

const chat = task(Chat, async ({ rx, tx, ctx, connection }) => {
  const inbox: Inbox = channel(inboxLength)
  await group(ctx, async (members) => {
    members.tryGo(async () => {
      for await (const message of inbox) await tx.send(message)
      connection.close(1013, 'You read too slowly')
    })
    for await (const message of rx) await events.send({ inbox, message })
    await events.send({ inbox })
  })
})

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  routes: { '/chat': chat },
})
console.log(server.url)
