// A chat of actors: each connection is one, and so is each room, which is started when somebody first asks for it and
// lives in one worker of the machine, wherever its members are.
import { contract, serve } from 'holdline'
import { Actor, actors, ConnectionActor, self, whereis } from 'holdline/actors'
import type { Down, Ref } from 'holdline/actors'
import { z } from 'zod'

const Chat = contract({
  in: z.object({ room: z.string(), text: z.string() }),
  out: z.object({ from: z.string(), text: z.string() }),
})

class Room extends Actor {
  readonly #who = new Set<Ref<Session>>()

  join(who: Ref<Session>): number {
    if (!this.#who.has(who)) this.monitor(who)
    return this.#who.add(who).size
  }

  say(from: string, text: string): void {
    for (const who of this.#who) who.tell.push(from, text)
  }

  override down({ ref }: Down): void {
    this.#who.delete(ref)
    if (this.#who.size === 0) this.stop()
  }
}

class Session extends ConnectionActor<typeof Chat, { name: string }> {
  #room = ''

  override async frame({ room, text }: { room: string; text: string }): Promise<void> {
    const { name } = this.connection.data
    if (room !== this.#room) {
      const count = await whereis(Room, room).ask.join(self<Session>(this))
      this.#room = room
      this.send({ from: room, text: `${count} here` })
    }
    whereis(Room, room).tell.say(name, text)
  }

  push(from: string, text: string): void {
    this.send({ from, text })
  }
}

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  routes: {
    '/chat': actors(Chat, Session, {
      upgrade: (request) => ({ data: { name: request.query.get('name') ?? 'somebody' } }),
    }),
  },
})
console.log(server.url)
