// A program whose route talks with the other workers: a connection asks its worker to send, claim, release, and hears
// all that this worker is told.

import { serve } from 'holdline'
import type { Broker, Connection, ServeOptions } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import type { WorkerMesh } from '../../../src/connection/worker-mesh.ts'
import { logger, started, tell } from './tell.ts'

const { brings, ...options } = JSON.parse(process.argv[2] ?? '{}') as ServeOptions & {
  /** `broker`: one of its own. `fault`: a join that throws. */
  brings?: 'broker' | 'fault'
}

const connections = new Set<Connection>()
let mesh: WorkerMesh | null = null

function hear(fact: string): void {
  for (const connection of connections) connection.send(fact)
}

const never = (): Promise<never> => Promise.reject(new Error('not carried'))

const broker: Broker = {
  name: 'own',
  processName: String(process.pid),
  hasPatterns: false,
  start: () => Promise.resolve(),
  publish: () => Promise.resolve(),
  append: never,
  attach: () => Promise.resolve(null),
  detach: () => {},
  read: never,
  stop: () => Promise.resolve(),
}

async function asked(connection: Connection, [what, about = '', text]: string[]): Promise<void> {
  if (mesh === null) connection.send('nobody')
  else if (what === 'send') {
    connection.send(mesh.send(Number(about), Buffer.from(text ?? '')))
  } else if (what === 'release') mesh.release(about)
  else {
    const answer = what === 'claim' ? mesh.claim(about) : mesh.ownerOf(about)
    connection.send(await answer.then(String, ({ code }: { code: string }) => code))
  }
}

const route = {
  ...callbacks({
    open(connection: Connection) {
      connections.add(connection)
      connection.send(`pid ${process.pid}`)
    },
    message: (connection: Connection, text) => void asked(connection, String(text).split(' ')),
    close: (connection: Connection) => void connections.delete(connection),
  }),
  join(joined: WorkerMesh): void {
    if (brings === 'fault') throw new Error('a mistake of a model')
    mesh = joined
    void joined.start({
      message: (from, bytes) => hear(`from ${from}: ${Buffer.from(bytes).toString()}`),
      drained: (id) => hear(`drained ${id}`),
      workerGone(id) {
        // What a model does that starts anew what the other one had.
        void joined.claim('taken over').then((owner) => hear(`gone ${id}, owner ${owner}`))
      },
    })
  },
}

await started(async () => {
  const server = await serve({
    port: 0,
    logger,
    ...options,
    ...(brings === 'broker' && { broker }),
    routes: { '/room/:name': route },
  })
  server.onWorkerLeft((left) => tell({ left, toldTo: server.workerId }))
  return server
})
