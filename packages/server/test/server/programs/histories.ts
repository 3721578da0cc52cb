// A program of several processes, for tests: a topic with history that every connection can publish on and subscribe to,
// and that the supervisor reads. What is acknowledged is told on the standard output, before anything else happens.

import { createInterface } from 'node:readline'
import { serve } from 'holdline'
import type { Cursor, ServeOptions } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { logger, started, tell } from './tell.ts'

const options = JSON.parse(process.argv[2] ?? '{}') as ServeOptions

interface Command {
  readonly since?: Cursor | 'start'
  /** Publishes `<name> 0`, `<name> 1`, …, so many, with so many on their way at a time. */
  readonly publish?: string
  readonly count?: number
  /** Publishes `last 0`, … so many, and the same without history, and is gone before anything of it is acknowledged. */
  readonly lastWords?: number
}

async function publishAll(name: string, count: number): Promise<void> {
  let next = 0
  const one = async (): Promise<void> => {
    while (next < count) {
      const message = `${name} ${next++}`
      const cursor = await server.topic('log').publish(message, { idempotencyKey: message })
      tell({ acknowledged: message, cursor })
    }
  }
  await Promise.all(Array.from({ length: 20 }, one))
}

function sayLast(count: number): void {
  for (let i = 0; i < count; i++) {
    void server.publish('plain', `${i}`)
    void server.topic('log').publish(`last ${i}`, { idempotencyKey: `last ${i}` })
  }
  // Behind the turn's end, when it has been handed to the kernel.
  setImmediate(() => process.kill(process.pid, 'SIGKILL'))
}

const server = await started(async () => {
  const server = await serve({
    port: 0,
    logger,
    topics: {
      log: { history: { count: 100_000, bytes: 100_000_000, ageMs: 600_000 } },
      'extra.*': { history: true },
    },
    ...options,
    routes: {
      '/room/:name': callbacks({
        open(connection) {
          connection.send(`pid ${process.pid}`)
        },
        async message(connection, text) {
          const { since, publish, count = 0, lastWords = 0 } = JSON.parse(String(text)) as Command
          if (lastWords > 0) {
            sayLast(lastWords)
            return
          }
          if (publish !== undefined) {
            void publishAll(publish, count)
            return
          }
          const subscribed = await connection.subscribe('log', since === undefined ? {} : { since })
          connection.send(JSON.stringify(subscribed))
        },
      }),
    },
  })
  const plain: string[] = []
  server.subscribe('plain', (message) => plain.push(String(message)))
  server.onWorkerLeft((left) => tell({ left, toldTo: server.workerId, plain }))
  return server
})

if (server.workerId === 0) {
  let heard = 0
  createInterface({ input: process.stdin }).on('line', (word) => {
    const topic = server.topic('log')
    if (word === 'listen') topic.subscribe(() => tell({ heardCount: ++heard }))
    else if (word === 'history') {
      void topic.history({ limit: 10_000 }).then(({ publications, head }) => {
        tell({ history: publications.map(({ message }) => String(message)), head })
      })
    } else if (word.startsWith('extra.')) {
      server.publish(word, 'x').then(
        () => tell({ took: word }),
        (error: { readonly code: string }) => tell({ took: error.code }),
      )
    } else void publishAll(word, 10)
  })
  process.stdin.unref?.()
}
