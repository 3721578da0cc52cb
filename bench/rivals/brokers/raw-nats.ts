// JetStream's own publication, with the client library that Holdline uses: what nats() is held against.
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { PlayRound } from '../brokers.ts'
import { keptCount, message, timedRound } from './timed-round.ts'

export async function published(url: string): Promise<PlayRound> {
  const connection = await connect({ servers: url })
  const { streams } = await jetstreamManager(connection)
  await streams.add({ name: 'raw', subjects: ['raw'], max_msgs: keptCount })
  const client = jetstream(connection)
  return (roundMs) => timedRound(() => client.publish('raw', message), roundMs)
}
