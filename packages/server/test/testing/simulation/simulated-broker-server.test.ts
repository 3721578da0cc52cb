// The contract of brokers tells what matters: simulated-broker.test.ts. Here is what it cannot see.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../../src/engines/memory/fake-clock.ts'
import { SERVER_PLACE, SILENCE_MS } from '../../../src/testing/simulation/broker-talk.ts'
import type { ToBroker, ToServer } from '../../../src/testing/simulation/broker-talk.ts'
import { SeededRandom } from '../../../src/testing/simulation/seeded-random.ts'
import { SimulatedBrokerServer } from '../../../src/testing/simulation/simulated-broker-server.ts'
import { SimulatedNetwork } from '../../../src/testing/simulation/simulated-network.ts'

const retention = { count: 10, bytes: 1_000, ageMs: 1_000_000 }
const options = { key: null, idempotencyKey: null, retention }
const append = (message: string) => ({ kind: 'append', topic: 't', message, options }) as const

function stand() {
  const clock = new FakeClock()
  const random = new SeededRandom(1)
  const network = new SimulatedNetwork(clock, random)
  const server = new SimulatedBrokerServer(clock, network, random)
  server.start()
  const heard: ToBroker[] = []
  network.join('p', { arrived: (_, thing) => void heard.push(thing as ToBroker), reset() {} })
  const say = (...all: readonly ToServer[]): ToBroker[] => {
    heard.length = 0
    for (const each of all) network.send('p', SERVER_PLACE, each)
    clock.advance(1)
    return heard.filter((each) => each.say !== 'beat')
  }
  return { clock, server, say }
}

test('questions are answered in order, each once, whatever order they come in and how often', () => {
  const { say } = stand()
  assert.deepEqual(say({ say: 'hello', session: 's', attached: [] }), [
    { say: 'welcome', session: 's' },
  ])
  assert.deepEqual(say({ say: 'ask', session: 's', number: 2, question: append('b') }), [])
  const first = { say: 'ask', session: 's', number: 1, question: append('a') } as const
  const offsets = (answers: ToBroker[]): unknown[] =>
    answers.map(
      (each) => each.say === 'answer' && [each.number, (each.answer as { offset: number }).offset],
    )
  assert.deepEqual(offsets(say(first)), [
    [1, 1],
    [2, 2],
  ])
  assert.deepEqual(offsets(say(first)), [[1, 1]], 'the answer may have been lost')
  say({ say: 'beat', session: 's', answeredUpTo: 1 })
  assert.deepEqual(offsets(say(first)), [], 'its answer has arrived')
})

test('a session ends with silence and with the server; whoever goes on in it is told', () => {
  const { clock, server, say } = stand()
  const beat: ToServer = { say: 'beat', session: 's', answeredUpTo: 0 }
  const unknown = [{ say: 'unknown', session: 's' }]
  assert.deepEqual(say(beat), unknown)
  say({ say: 'hello', session: 's', attached: ['t'] })
  assert.deepEqual(say(beat), [])
  clock.advance(2 * SILENCE_MS)
  assert.deepEqual(say(beat), unknown)
  say({ say: 'hello', session: 's', attached: ['t'] })
  server.kill()
  assert.equal(server.isRunning, false)
  assert.deepEqual(say(beat), [])
  server.start()
  assert.deepEqual(say(beat), unknown)
})
