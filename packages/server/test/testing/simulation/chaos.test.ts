import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callbacks } from 'holdline/callbacks'
import { Chaos, faultKinds, simulate } from 'holdline/testing'
import type { Simulation } from 'holdline/testing'

const idle = callbacks({ message() {} })

async function stand(): Promise<Simulation> {
  const simulation = await simulate({ seed: 1, serve: () => ({ routes: { '/': idle } }) })
  const join = (): void => {
    simulation.connect({ onClose: () => simulation.after(500, join) })
  }
  for (let i = 0; i < 3; i++) join()
  return simulation
}

test('each fault is done, counted and noted; afterwards everything is as it was', async () => {
  await using simulation = await stand()
  const chaos = new Chaos(simulation)
  chaos.start()
  await simulation.pass(300_000)
  chaos.stop()
  for (const kind of faultKinds) assert.ok(chaos.done[kind] > 0, kind)
  const noted = simulation.events.last.filter((event) => !event.endsWith('calm')).length
  assert.equal(chaos.count, noted)
  await simulation.until(
    'all to be back',
    () => simulation.clients.length === 3 && simulation.clients.every((each) => each.isOpen),
  )
  assert.ok(simulation.broker.isRunning)
  assert.equal(simulation.network.weather, simulation.usualWeather)
  assert.ok(simulation.processes.every((each) => each.isRunning))
  assert.ok(simulation.clients.every((each) => each.isReading))
  await simulation.pass(60_000)
  assert.equal(simulation.events.last.at(-1)?.endsWith('calm'), true, 'no fault after the stop')
})

test('only the kinds that were asked for are done', async () => {
  await using simulation = await stand()
  const chaos = new Chaos(simulation, { kinds: ['clientCut'], pauseMs: [10, 20] })
  chaos.start()
  await simulation.pass(5_000)
  chaos.stop()
  assert.ok(chaos.done.clientCut > 10)
  assert.equal(chaos.count, chaos.done.clientCut)
})
