// Brokers on NATS for tests, under a prefix that no other test has.

import { NatsBroker } from '../../../src/brokers/nats/nats-broker.ts'
import { NatsNames } from '../../../src/brokers/nats/nats-names.ts'
import type { NatsOptions } from '../../../src/brokers/nats/nats-options.ts'
import type { NatsServer } from './nats-server.ts'
import { RecordingSink } from './recording-sink.ts'

let prefixes = 0

/** Starts so many brokers, and stops them when the work is done. */
export async function withBrokers(
  server: NatsServer,
  count: number,
  work: (brokers: readonly NatsBroker[], names: NatsNames) => Promise<void>,
  options: NatsOptions = {},
): Promise<void> {
  const prefix = `brokers-${++prefixes}`
  const brokers = Array.from(
    { length: count },
    () => new NatsBroker({ servers: server.url, prefix, ...options }),
  )
  await Promise.all(brokers.map((broker) => broker.start(new RecordingSink())))
  try {
    await work(brokers, new NatsNames(prefix))
  } finally {
    for (const broker of brokers) await broker.stop()
  }
}
