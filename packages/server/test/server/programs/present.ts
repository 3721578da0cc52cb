// A program of several processes, for tests: each connection is present on a topic while it is open, with the process
// that holds it as its state. Every process says on its standard output who is there, whenever that changes. With `nats`
// or `redis` it is one of several machines.

import { serve } from 'holdline'
import type { ServeOptions } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { nats } from 'holdline/nats'
import { redis } from 'holdline/redis'
import { logger, started, tell } from './tell.ts'

interface Options extends ServeOptions {
  readonly nats?: string
  readonly redis?: string
}

const given = JSON.parse(process.argv[2] ?? '{}') as Options
const { nats: servers, redis: url, ...options } = given

await started(async () => {
  const server = await serve({
    port: 0,
    logger,
    ...(servers !== undefined && { broker: nats({ servers }) }),
    ...(url !== undefined && { broker: redis({ url }) }),
    ...options,
    routes: {
      '/room/:name': callbacks({
        open(connection) {
          server
            .topic('room')
            .present(connection, `${process.pid}-${connection.id}`, { pid: process.pid })
          connection.send(`pid ${process.pid}`)
        },
      }),
    },
  })
  const topic = server.topic('room')
  const tellMembers = async (): Promise<void> => {
    const members = await topic.members()
    const pids = members.map(({ state }) => (state as { pid: number }).pid)
    tell({ here: pids.sort((one, other) => one - other), by: server.workerId })
  }
  topic.watch(() => void tellMembers())
  await tellMembers()
  return server
})
