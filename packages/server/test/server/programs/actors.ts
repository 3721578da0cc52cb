// A program with actors in several workers: a connection asks for rooms by name, joins them, and hears of their end.

import { serve } from 'holdline'
import type { ServeOptions } from 'holdline'
import { Actor, actors, ConnectionActor, self, whereis } from 'holdline/actors'
import type { Down, Ref } from 'holdline/actors'

const options = JSON.parse(process.argv[2] ?? '{}') as ServeOptions

function tell(fact: object): void {
  process.stdout.write(`${JSON.stringify({ pid: process.pid, ...fact })}\n`)
}

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

const logger = {
  info: (): void => {},
  warn: (line: string): void => tell({ warn: line }),
  error: (line: string, error?: Error): void => tell({ error: `${line} ${error?.stack ?? ''}` }),
}

try {
  const server = await serve({
    port: 0,
    logger,
    ...options,
    routes: { '/room/:name': actors(Session) },
  })
  const { workerId, url, port, processCount } = server
  server.onWorkerLeft((left) => tell({ left, toldTo: workerId }))
  tell({ workerId, url, port, processCount })
} catch (error) {
  const { code, cause } = error as { code?: string; cause?: { code?: string } }
  tell({ failed: code, cause: cause?.code, message: String(error) })
  process.exit(3)
}
