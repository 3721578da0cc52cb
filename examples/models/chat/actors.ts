// The chat room as actors: one for the room, one for each connection. Each has its own state and tells the others
// messages. When a connection ends, in whatever way, its actor ends with it, and the room is told.
import { serve } from 'holdline'
import { Actor, actors, ConnectionActor, self, whereis, type Down, type Ref } from 'holdline/actors'
import { Chat, joinedAlready, joinFirst, Room, type ChatIn, type ChatOut } from './room.ts'

class Lobby extends Actor {
  readonly #room = new Room<Ref<Member>>()

  join(member: Ref<Member>, wanted: string): void {
    if (this.#room.nameOf(member) !== undefined) return member.tell.push(joinedAlready)
    this.monitor(member)
    const others = [...this.#room.members]
    const you = this.#room.enter(member, wanted)
    for (const other of others) other.tell.push({ type: 'joined', name: you })
    member.tell.push({ type: 'welcome', you, people: this.#room.people })
  }

  say(member: Ref<Member>, text: string): void {
    const name = this.#room.nameOf(member)
    if (name === undefined) member.tell.push(joinFirst)
    else this.#tellAll({ type: 'said', from: name, text })
  }

  override down({ ref }: Down): void {
    const name = this.#room.leave(ref)
    if (name !== undefined) this.#tellAll({ type: 'left', name })
  }

  #tellAll(message: ChatOut): void {
    for (const member of this.#room.members) member.tell.push(message)
  }
}

class Member extends ConnectionActor<typeof Chat> {
  frame(message: ChatIn): void {
    const lobby = whereis(Lobby, 'lobby')
    if (message.type === 'join') lobby.tell.join(self<Member>(this), message.name)
    else lobby.tell.say(self<Member>(this), message.text)
  }

  push(message: ChatOut): void {
    this.send(message)
  }
}

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  routes: { '/chat': actors(Chat, Member) },
})
console.log(server.url)
