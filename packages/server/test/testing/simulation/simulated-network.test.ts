import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../../src/engines/memory/fake-clock.ts'
import { SeededRandom } from '../../../src/testing/simulation/seeded-random.ts'
import { SimulatedNetwork } from '../../../src/testing/simulation/simulated-network.ts'

function stand() {
  const clock = new FakeClock()
  const network = new SimulatedNetwork(clock, new SeededRandom(1))
  const arrived: unknown[] = []
  const place = {
    arrived: (from: string, thing: unknown) => void arrived.push(`${from} ${String(thing)}`),
    reset: (from: string) => void arrived.push(`reset by ${from}`),
  }
  network.join('b', place)
  return { clock, network, arrived, place }
}

test('in fair weather everything arrives, in order', () => {
  const { clock, network, arrived } = stand()
  for (let i = 0; i < 5; i++) network.send('a', 'b', i)
  assert.deepEqual(arrived, [], 'nothing arrives before send returns')
  clock.advance(0)
  assert.deepEqual(arrived, ['a 0', 'a 1', 'a 2', 'a 3', 'a 4'])
  assert.deepEqual(network.counters, { sent: 5, lost: 0, duplicated: 0, reordered: 0, blocked: 0 })
})

test('in a storm things come late, twice, out of order or not at all, and are counted', () => {
  const { clock, network, arrived } = stand()
  network.weather = { delayMs: [5, 100], loss: 0.3, duplication: 0.3 }
  for (let i = 0; i < 1_000; i++) network.send('a', 'b', i)
  clock.advance(4)
  assert.equal(arrived.length, 0)
  clock.advance(96)
  const { sent, lost, duplicated, reordered } = network.counters
  assert.equal(arrived.length, sent - lost + duplicated)
  assert.ok(lost > 200 && lost < 400, `${lost}`)
  assert.ok(duplicated > 100 && duplicated < 300, `${duplicated}`)
  assert.ok(reordered > 100, `${reordered}`)
})

test('between two that are parted nothing passes, what is under way included; others go on', () => {
  const { clock, network, arrived } = stand()
  network.send('a', 'b', 'under way')
  network.part('a', 'b')
  network.send('a', 'b', 'lost')
  network.send('c', 'b', 'other')
  clock.advance(0)
  assert.deepEqual(arrived, ['c other'])
  network.heal('b', 'a')
  network.send('a', 'b', 'healed')
  clock.advance(0)
  assert.deepEqual(arrived, ['c other', 'a healed'])
  assert.equal(network.counters.blocked, 2)
})

test('what was sent to whoever left does not arrive at the next one there', () => {
  const { clock, network, arrived, place } = stand()
  network.send('a', 'b', 'old')
  network.leave('b')
  network.send('a', 'b', 'nobody')
  network.join('b', place)
  network.send('a', 'b', 'new')
  clock.advance(0)
  assert.deepEqual(arrived, ['a new'])
})

test('a way can be slow, and a connection reset', () => {
  const { clock, network, arrived } = stand()
  network.slow('a', 'b', 50)
  network.send('a', 'b', 'slow')
  clock.advance(49)
  assert.deepEqual(arrived, [])
  clock.advance(1)
  network.reset('a', 'b')
  assert.deepEqual(arrived, ['a slow', 'reset by a'])
})
