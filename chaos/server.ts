// The server of a chaos run: workers that serve lines, over the broker that the run names. Tells where it listens, and
// each worker its process.

import { serve } from 'holdline'
import type { Broker, TopicOptions } from 'holdline'
import { line } from 'holdline/line'
import { tell } from './words.ts'

interface ServerOptions {
  readonly broker: 'process' | 'nats' | 'redis'
  /** Where the broker's server listens. */
  readonly brokerPort: number
  readonly port: number
  readonly processes: number
  readonly secret: string
  /** By pattern, beside what all of them have. */
  readonly topics: Readonly<Record<string, Pick<TopicOptions, 'overflow' | 'lagBytes'>>>
}

const options = JSON.parse(process.argv[2]!) as ServerOptions

async function brokerOf({ broker, brokerPort }: ServerOptions): Promise<Broker | undefined> {
  if (broker === 'nats') {
    const { nats } = await import('holdline/nats')
    return nats({ servers: `127.0.0.1:${brokerPort}` })
  }
  if (broker === 'redis') {
    const { redis } = await import('holdline/redis')
    return redis({ url: `redis://127.0.0.1:${brokerPort}` })
  }
  return undefined
}

const broker = await brokerOf(options)
const server = await serve({
  port: options.port,
  processes: options.processes,
  signals: true,
  logger: null,
  graceMs: 1_000,
  ...(broker !== undefined && { broker }),
  // The run ends workers far more often than they fail.
  restart: { intensity: 1_000_000, backoffMs: 1, maxBackoffMs: 1 },
  limits: { connections: 0 },
  topics: Object.fromEntries(
    Object.entries(options.topics).map(([pattern, kind]) => [
      pattern,
      {
        history: { count: 20_000, bytes: 16_777_216, ageMs: 600_000 },
        ...kind,
        authorize: () => true,
      },
    ]),
  ),
  routes: { '/live': line({ secret: options.secret }) },
})
if (options.processes === 1 || server.workerId > 0) tell({ kind: 'worker', pid: process.pid })
if (server.workerId === 0) tell({ kind: 'listening', port: server.port })
