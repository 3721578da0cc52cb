// What brokers do without a WebSocket: publications one at a time until each is acknowledged, and many from one worker to
// another. argv: the program, and the address of its broker. Plays a round for each message of its parent and answers
// with figures.
import type { Round } from '../src/report/results.ts'

/** Plays for so long. */
export type PlayRound = (roundMs: number) => Promise<Round>

interface BrokerProgram {
  readonly title: string
  /** What it publishes to; null: it needs no server. */
  readonly server: 'nats' | 'redis' | null
  readonly processCount: number
  /** What it is held against. */
  readonly against?: string
  prepare(url: string): Promise<PlayRound>
}

export const brokerPrograms = {
  memory: {
    title: 'memory',
    server: null,
    processCount: 1,
    prepare: async () => (await import('./brokers/acknowledged.ts')).memory(),
  },
  process: {
    title: 'process, from a worker',
    server: null,
    processCount: 2,
    prepare: async () => (await import('./brokers/between-workers.ts')).acknowledged(),
  },
  'nats-raw': {
    title: 'JetStream itself: publish',
    server: 'nats',
    processCount: 1,
    prepare: async (url) => (await import('./brokers/raw-nats.ts')).published(url),
  },
  nats: {
    title: 'nats',
    server: 'nats',
    against: 'nats-raw',
    processCount: 1,
    prepare: async (url) => (await import('./brokers/acknowledged.ts')).nats(url),
  },
  'redis-xadd': {
    title: 'Redis itself: XADD',
    server: 'redis',
    processCount: 1,
    prepare: async (url) => (await import('./brokers/raw-redis.ts')).added(url),
  },
  'redis-script': {
    title: 'Redis itself: EVALSHA of XADD and PUBLISH',
    server: 'redis',
    processCount: 1,
    prepare: async (url) => (await import('./brokers/raw-redis.ts')).scripted(url),
  },
  redis: {
    title: 'redis',
    server: 'redis',
    against: 'redis-script',
    processCount: 1,
    prepare: async (url) => (await import('./brokers/acknowledged.ts')).redis(url),
  },
  'workers-plain': {
    title: 'without history',
    server: null,
    processCount: 2,
    prepare: async () => (await import('./brokers/between-workers.ts')).passed('plain'),
  },
  'workers-kept': {
    title: 'with history',
    server: null,
    processCount: 2,
    prepare: async () => (await import('./brokers/between-workers.ts')).passed('kept'),
  },
} as const satisfies Readonly<Record<string, BrokerProgram>>

export type BrokerProgramName = keyof typeof brokerPrograms

if (import.meta.main) {
  const [name, url = ''] = process.argv.slice(2)
  const program: BrokerProgram = brokerPrograms[name as BrokerProgramName]
  process.on('disconnect', () => process.exit())
  const prepared = program.prepare(url)
  // Who plays is told.
  prepared.catch(() => {})
  process.on('message', async ({ roundMs }: { roundMs: number }) => {
    try {
      process.send?.(await (await prepared)(roundMs))
    } catch (error) {
      process.send?.({ failure: (error as Error).message })
    }
  })
}
