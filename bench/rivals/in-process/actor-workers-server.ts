// Two workers, each with a counter of its own. Whichever has the connection tells the other's.
import { serve } from 'holdline'
import { actors, ConnectionActor, whereis } from 'holdline/actors'
import { Counter } from './actor.ts'

class Conductor extends ConnectionActor {
  readonly #other = whereis(Counter, String(3 - server.workerId))

  override async opened(): Promise<void> {
    // Found before it is told much: until then messages wait here, and few may.
    await this.#other.ask.count()
  }

  async frame(message: string | Uint8Array): Promise<void> {
    const other = this.#other
    const count = Number(message)
    const { tell } = other
    for (let i = 1; i < count; i++) tell.add()
    await other.ask({ timeoutMs: 60_000 }).count()
    this.send(other.workerId === 3 - server.workerId ? 'done' : 'the counter is in this worker')
  }
}

const server = await serve({
  port: 0,
  host: '127.0.0.1',
  processes: 2,
  logger: null,
  routes: { '/': actors(Conductor, { keepalive: false }) },
})
if (server.workerId > 0) {
  // Who asks first has it.
  await whereis(Counter, String(server.workerId)).ask.count()
} else {
  process.on('disconnect', () => process.exit())
  process.send?.(server.url)
}
