// Redis's own round trips, with the client library that Holdline uses: what redis() is held against.
import { createClient } from 'redis'
import type { PlayRound } from '../brokers.ts'
import { keptCount, message, timedRound } from './timed-round.ts'

const kept = ['MAXLEN', '=', String(keptCount)]

/** The least that keeps a publication. */
export async function added(url: string): Promise<PlayRound> {
  const client = await clientOf(url)
  const command = ['XADD', 'raw', ...kept, '*', 'b', message]
  return (roundMs) => timedRound(() => client.sendCommand(command), roundMs)
}

/** The least that keeps a publication and tells the others of it in the same step. */
export async function scripted(url: string): Promise<PlayRound> {
  const client = await clientOf(url)
  const source = `local id = redis.call('XADD', KEYS[1], '${kept.join("', '")}', '*', 'b', ARGV[1])
redis.call('PUBLISH', KEYS[1], ARGV[1])
return id`
  const sha = await client.scriptLoad(source)
  const command = ['EVALSHA', sha, '1', 'raw-script', message]
  return (roundMs) => timedRound(() => client.sendCommand(command), roundMs)
}

function clientOf(url: string) {
  return createClient({ url: `redis://${url}`, RESP: 3 })
    .on('error', () => {})
    .connect()
}
