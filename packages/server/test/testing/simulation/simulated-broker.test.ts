// The simulated broker keeps to the contract of brokers, through every fault that there is.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../../src/engines/memory/fake-clock.ts'
import { brokerContract } from '../../../src/testing/broker-contract.ts'
import { BrokerParticipant } from '../../../src/testing/broker-participant.ts'
import { SeededRandom } from '../../../src/testing/simulation/seeded-random.ts'
import { SimulatedBroker } from '../../../src/testing/simulation/simulated-broker.ts'
import { SimulatedBrokerServer } from '../../../src/testing/simulation/simulated-broker-server.ts'
import { SimulatedNetwork } from '../../../src/testing/simulation/simulated-network.ts'
import { simulatedHarness } from './simulated-harness.ts'

brokerContract(simulatedHarness)

function stand() {
  const clock = new FakeClock()
  const random = new SeededRandom(1)
  const network = new SimulatedNetwork(clock, random)
  const server = new SimulatedBrokerServer(clock, network, random)
  const participant = new BrokerParticipant(new SimulatedBroker(clock, network, 'p'))
  return { clock, network, server, participant }
}

test('publications without history come once and in order, whatever the network doubles and turns round', async () => {
  const { clock, network, server, participant } = stand()
  server.start()
  network.weather = { delayMs: [0, 100], loss: 0, duplication: 0.5 }
  const started = participant.start('t')
  await clock.pass(2_000)
  await started
  const published = Array.from({ length: 200 }, (_, i) => participant.broker.publish('t', `${i}`))
  await clock.pass(2_000)
  await Promise.all(published)
  assert.deepEqual(
    participant.heard.map(([, message]) => message),
    Array.from({ length: 200 }, (_, i) => `${i}`),
  )
  assert.equal(participant.interruptions.length, 0)
})

test('what was told and lost is said to be an interruption, once for each time', async () => {
  const { clock, network, server, participant } = stand()
  server.start()
  const started = participant.start('t')
  await clock.pass(500)
  await started
  network.weather = { delayMs: [0, 0], loss: 1, duplication: 0 }
  const published = participant.broker.publish('t', 'lost on its way').catch(() => {})
  await clock.pass(200)
  network.weather = { delayMs: [0, 0], loss: 0, duplication: 0 }
  await clock.pass(3_000)
  await published
  assert.deepEqual(participant.heard, [['t', 'lost on its way']], 'the question was asked again')
  server.kill()
  await clock.pass(10_000)
  server.start()
  await clock.pass(2_000)
  assert.equal(participant.interruptions.length, 1)
  assert.equal(participant.restoredCount, 1)
})

test('a start without a server is refused in time', async () => {
  const { clock, participant } = stand()
  const refused = assert.rejects(participant.start(), { code: 'ERR_BROKER_START' })
  await clock.pass(6_000)
  await refused
  assert.equal(clock.timerCount, 0)
})
