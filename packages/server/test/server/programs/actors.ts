// A program with actors in several workers: a connection asks for rooms by name, joins them, and hears of their end.

import { serve } from 'holdline'
import type { ServeOptions } from 'holdline'
import { Actor, actors, ConnectionActor, self, whereis } from 'holdline/actors'
import type { Down, Ref } from 'holdline/actors'
import { logger, started, tell } from './tell.ts'

const options = JSON.parse(process.argv[2] ?? '{}') as ServeOptions

class Room extends Actor {
  readonly #guests: Ref<Session>[] = []

  join(guest: Ref<Session>): number {
    this.monitor(guest)
    this.#guests.push(guest)
    return process.pid
  }

  say(text: string): void {
    for (const guest of this.#guests) guest.tell.said(text)
  }

  override down({ ref }: Down): void {
    this.#guests.splice(
      this.#guests.findIndex((guest) => guest.equals(ref)),
      1,
    )
  }
}

class Session extends ConnectionActor {
  override opened(): void {
    this.send(`pid ${process.pid}`)
  }

  override async frame(data: string | Uint8Array): Promise<void> {
    const [what, name = '', text = ''] = String(data).split(' ')
    const room = whereis(Room, name)
    if (what === 'say') room.tell.say(text)
    else if (what === 'join') {
      try {
        const owner = await room.ask({ timeoutMs: 1_000 }).join(self<Session>(this))
        this.monitor(room)
        this.send(`in ${name} at ${owner}`)
      } catch (error) {
        this.send(`refused ${(error as { code?: string }).code}`)
      }
    }
  }

  said(text: string): void {
    this.send(`said ${text}`)
  }

  override down({ reason }: Down): void {
    this.send(`down ${String(reason)}`)
  }
}

await started(async () => {
  const server = await serve({
    port: 0,
    logger: {
      ...logger,
      error: (line, error) =>
        tell({ error: `${line} ${(error as Error | undefined)?.stack ?? ''}` }),
    },
    ...options,
    routes: { '/room/:name': actors(Session) },
  })
  server.onWorkerLeft((left) => tell({ left, toldTo: server.workerId }))
  return server
})
