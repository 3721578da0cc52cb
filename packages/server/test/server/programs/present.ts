// A program of several processes, for tests: each connection is present on a topic while it is open, with the process
// that holds it as its state. Every process says on its standard output who is there, whenever that changes.

import { serve } from 'holdline'
import type { ServeOptions } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { logger, started, tell } from './tell.ts'

const options = JSON.parse(process.argv[2] ?? '{}') as ServeOptions

await started(async () => {
  const server = await serve({
    port: 0,
    logger,
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
