import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RealClock } from '../../../src/models/queues/real-clock.ts'

test('a timer fires once, not before its time', async () => {
  const clock = new RealClock()
  const from = clock.now()
  await new Promise<void>((resolve) => clock.setTimer(20, resolve))
  assert.ok(clock.now() - from >= 18)
})

test('a timer that was cancelled does not fire', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let fired = 0
  new RealClock().setTimer(10, () => fired++)()
  t.mock.timers.tick(100)
  assert.equal(fired, 0)
})

test('a delay longer than a timer of Node can hold is waited for in parts', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clock = new RealClock()
  let now = 0
  t.mock.method(clock, 'now', () => now)
  const pass = (ms: number): void => {
    now += ms
    t.mock.timers.tick(ms)
  }
  const month = 30 * 24 * 3_600_000
  let fired = 0
  clock.setTimer(month, () => fired++)
  const cancel = clock.setTimer(month, () => (fired += 100))
  pass(2_147_483_647)
  assert.equal(fired, 0)
  cancel()
  pass(month - 2_147_483_647)
  assert.equal(fired, 1)
})

test('the end of a turn comes after the promises of the turn', async () => {
  const order: string[] = []
  const ended = new Promise<void>((resolve) => {
    new RealClock().atTurnEnd(() => {
      order.push('end')
      resolve()
    })
  })
  await Promise.resolve()
  order.push('promise')
  await ended
  assert.deepEqual(order, ['promise', 'end'])
})
