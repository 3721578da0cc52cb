import { actors, ConnectionActor } from 'holdline/actors'
import { serveRoutes } from './serve-routes.ts'
import { makeTrouble } from './trouble.ts'

class Echo extends ConnectionActor {
  frame(message: string | Uint8Array): void {
    this.send(message)
  }
}

class Trouble extends ConnectionActor {
  async frame(message: string | Uint8Array): Promise<void> {
    await makeTrouble(message.toString())
    this.send(message)
  }
}

export function start(port: number): Promise<void> {
  return serveRoutes(port, {
    echo: actors(Echo, { keepalive: false }),
    trouble: actors(Trouble, { keepalive: false }),
  })
}
