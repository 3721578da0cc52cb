// Makes the broker on NATS of its options.

import type { Broker } from '../../topics/broker.ts'
import { NatsBroker } from './nats-broker.ts'
import type { NatsOptions } from './nats-options.ts'

/**
 * The broker for servers on many machines, over NATS. Its packages are the program's to install:
 * `npm install @nats-io/transport-node @nats-io/jetstream`.
 *
 * @throws HoldlineError ERR_OPTION_INVALID
 */
export function nats(options: NatsOptions = {}): Broker {
  return new NatsBroker(options)
}
