// A program of several processes, for tests: connections join the topic of their path, and each tells which
// process holds it. It says on its standard output, a line of JSON each, what a test wants to know.

import { serve } from 'holdline'
import type { ServeOptions } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { logger, started, tell } from './tell.ts'

const options = JSON.parse(process.argv[2] ?? '{}') as ServeOptions

const server = await started(async () => {
  const server = await serve({
    ...(options.path === undefined && { port: 0 }),
    logger,
    ...options,
    routes: {
      '/room/:name': callbacks({
        open(connection) {
          void connection.subscribe('room')
          connection.send(`pid ${process.pid}`)
        },
        message(_connection, text) {
          if (text === 'crash') process.exit(7)
          if (text === 'hang') {
            tell({ hangs: true })
            for (;;);
          }
          if (text === 'last words') {
            const said = Array.from({ length: 5_000 }, (_, i) =>
              server.publish('last words', `${i}`),
            )
            void Promise.all(said).then(() => process.kill(process.pid, 'SIGKILL'))
            return
          }
          void server.publish('room', `${process.pid}: ${String(text)}`)
        },
      }),
    },
  })
  let lastWords = 0
  if (server.processCount > 1) server.subscribe('last words', () => lastWords++)
  server.onWorkerLeft((left) => tell({ left, toldTo: server.workerId, lastWords }))
  return server
})
if (server.workerId === 0) {
  server.subscribe('room', (message) => tell({ heard: String(message) }))
  process.stdin.setEncoding('utf8').on('data', (line: string) => {
    const word = line.trim()
    if (word === 'stats') void server.stats().then((stats) => tell({ stats }))
    else if (word === 'shed half') {
      void server.shed({ fraction: 0.5, overMs: 100 }).then((shed) => tell({ shed }))
    } else if (word === 'close') void server.close().then(() => tell({ closed: true }))
    else void server.publish('room', word)
  })
  process.stdin.unref?.()
}
