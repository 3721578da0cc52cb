// A process that reads the topic `t` of the NATS at the address it is given, appends what it is told to, and says on its
// output what it is told: started by tests, on another machine.

import { createInterface } from 'node:readline'
import { NatsBroker } from '../../../src/brokers/nats/nats-broker.ts'
import { BrokerParticipant } from '../../../src/testing/broker-participant.ts'

const broker = new NatsBroker({
  servers: process.argv[2]!,
  prefix: 'machines',
  client: { ignoreClusterUpdates: true },
})
const participant = new BrokerParticipant(broker)
await participant.start()
const reader = await participant.reader('t')
const say = (): void => {
  const { messages, gaps } = reader
  const { interruptions, restoredCount } = participant
  console.log(
    JSON.stringify({ messages, gaps, interrupted: interruptions.length, restored: restoredCount }),
  )
}
say()
const timer = setInterval(say, 50)
for await (const line of createInterface({ input: process.stdin })) {
  await participant.append('t', line).catch(() => {})
}
clearInterval(timer)
participant.endReaders()
await broker.stop()
