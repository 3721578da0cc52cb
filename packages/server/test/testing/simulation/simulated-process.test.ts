import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from 'holdline/testing'

test('each start asks anew what to serve, and has a name of its own', async () => {
  const asked: string[] = []
  await using simulation = await simulate({
    seed: 1,
    serve: (process) => {
      asked.push(process.name)
      return {}
    },
  })
  const [first] = simulation.processes
  first!.kill()
  first!.kill()
  assert.equal(first!.server, null)
  void first!.start()
  void first!.start()
  await simulation.until('it to listen', () => first!.isRunning)
  assert.deepEqual(asked, ['process 0.1', 'process 1.1', 'process 0.2'])
})

test('it starts when the broker is back, however long that takes', async () => {
  await using simulation = await simulate({ seed: 1, serve: () => ({}) })
  const [first] = simulation.processes
  first!.kill()
  simulation.broker.kill()
  void first!.start()
  await simulation.pass(20_000)
  assert.equal(first!.isRunning, false)
  simulation.broker.start()
  await simulation.until('it to listen', () => first!.isRunning, 10_000)
})
