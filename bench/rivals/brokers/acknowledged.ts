// Publications through a server of one process, on a topic with history that the process itself hears.
import { serve } from 'holdline'
import type { ServeOptions } from 'holdline'
import { nats as natsBroker } from 'holdline/nats'
import { redis as redisBroker } from 'holdline/redis'
import type { PlayRound } from '../brokers.ts'
import { keptCount, message, timedRound } from './timed-round.ts'

export function memory(): Promise<PlayRound> {
  return through({})
}

export function nats(url: string): Promise<PlayRound> {
  return through({ broker: natsBroker({ servers: url }) })
}

export function redis(url: string): Promise<PlayRound> {
  return through({ broker: redisBroker({ url: `redis://${url}` }) })
}

async function through(options: Pick<ServeOptions, 'broker'>): Promise<PlayRound> {
  const server = await serve({
    port: 0,
    host: '127.0.0.1',
    logger: null,
    topics: { orders: { history: { count: keptCount } } },
    ...options,
  })
  const topic = server.topic('orders')
  topic.subscribe(() => {})
  return (roundMs) => timedRound(() => topic.publish(message), roundMs)
}
