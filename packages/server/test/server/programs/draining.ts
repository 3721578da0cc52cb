// A program of one or several processes, for tests: lines on a topic with history, on which its first process publishes
// numbers for as long as it is told to. With `redis` it shares the topic with others of its kind.

import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { serve } from 'holdline'
import type { ServeOptions } from 'holdline'
import { line } from 'holdline/line'
import { redis } from 'holdline/redis'
import { logger, started, tell } from './tell.ts'

interface Options extends ServeOptions {
  readonly redis?: string
}

const { redis: url, ...options } = JSON.parse(process.argv[2] ?? '{}') as Options

const server = await started(() =>
  serve({
    port: 0,
    logger,
    topics: { log: { history: { count: 100_000, bytes: 100_000_000, ageMs: 600_000 } } },
    ...(url !== undefined && { broker: redis({ url }) }),
    ...options,
    routes: { '/live': line() },
  }),
)

let isPublishing = false

async function publishOnAndOn(): Promise<void> {
  isPublishing = true
  for (let number = 1; isPublishing; number++) {
    await server.publish('log', JSON.stringify(number))
    tell({ acknowledged: number })
    await setTimeout(2)
  }
  tell({ hasPublished: true })
}

if (server.workerId === 0) {
  createInterface({ input: process.stdin }).on('line', (word) => {
    if (word === 'publish') void publishOnAndOn()
    else isPublishing = false
  })
  process.stdin.unref?.()
}
