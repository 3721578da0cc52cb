// Two workers. `/control` says which one it is, then does what it is asked, in JSON; `/t/<name>` says so too and is
// then sent what is published on that topic, each with its number in front.
import { serve } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { keptCount, message, timedRound } from './timed-round.ts'

/** What a worker is asked, and what it answers. */
export interface WorkerAnswers {
  /** Publishes one at a time, each timed until it is acknowledged. */
  time: { readonly count: number; readonly p50Us: number; readonly p99Us: number }
  /** Publishes as many as go. */
  publish: { readonly count: number }
  /** What a listener of this worker has heard since it was last asked: how many, and how many were not the next. */
  heard: { readonly count: number; readonly disorderCount: number }
}

export interface WorkerQuestion {
  readonly ask: keyof WorkerAnswers
  readonly topic: string
  readonly roundMs: number
}

/** The other one hears what it publishes. */
const publishingWorker = 1

/** So many are published before one waits for all of them. */
const batchCount = 512
/** Nobody who reads is behind so far; whoever is would be disconnected, and seen to be. */
const bufferedBytes = 64 * 1_048_576

const server = await serve({
  port: 0,
  host: '127.0.0.1',
  processes: 2,
  logger: null,
  limits: { bufferedBytes },
  topics: { '*': { history: { count: keptCount } }, plain: { history: false } },
  routes: {
    '/control': callbacks({
      keepalive: false,
      open: (connection) => void connection.send(String(server.workerId)),
      async message(connection, text) {
        const answer = await answerTo(JSON.parse(String(text)) as WorkerQuestion)
        connection.send(JSON.stringify(answer))
      },
    }),
    '/t/:topic': callbacks({
      keepalive: false,
      async open(connection) {
        await connection.subscribe(connection.request.params['topic'] ?? '')
        connection.send(String(server.workerId))
      },
    }),
  },
})

class Listener {
  #next = 0
  #count = 0
  #disorderCount = 0

  constructor(topic: string) {
    server.subscribe(topic, (publication) => {
      const number = Buffer.from(publication as Uint8Array).readUInt32LE()
      if (number !== this.#next) this.#disorderCount++
      this.#next = number + 1
      this.#count++
    })
  }

  take(): WorkerAnswers['heard'] {
    const heard = { count: this.#count, disorderCount: this.#disorderCount }
    this.#count = 0
    this.#disorderCount = 0
    return heard
  }
}

const listeners = new Map<string, Listener>()
const publishedCounts = new Map<string, number>()

function answerTo({ ask, topic, roundMs }: WorkerQuestion): unknown {
  if (ask === 'heard') return listeners.get(topic)?.take()
  if (ask === 'publish') return publishMany(topic, roundMs)
  return timedRound(() => server.publish(topic, message), roundMs)
}

async function publishMany(topic: string, roundMs: number): Promise<WorkerAnswers['publish']> {
  const first = publishedCounts.get(topic) ?? 0
  let number = first
  const publication = Buffer.from(message)
  const endMs = performance.now() + roundMs
  const batch: Promise<unknown>[] = []
  do {
    batch.length = 0
    for (let i = 0; i < batchCount; i++) {
      publication.writeUInt32LE(number++)
      batch.push(server.publish(topic, publication))
    }
    await Promise.all(batch)
  } while (performance.now() < endMs)
  publishedCounts.set(topic, number)
  return { count: number - first }
}

if (server.workerId > 0) {
  // Where it is timed, the process that publishes hears it too, as it does with the other brokers.
  const topics = server.workerId === publishingWorker ? ['timed'] : ['timed', 'plain', 'kept']
  for (const topic of topics) listeners.set(topic, new Listener(topic))
} else {
  process.on('disconnect', () => process.exit())
  process.send?.(server.port)
}
