import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLoop, SimNetwork } from 'holdline/loop'
import type { Loop } from 'holdline/loop'
import { FakeClock } from 'holdline/testing'

function simulated(): {
  readonly clock: FakeClock
  readonly loop: Loop
  readonly network: SimNetwork
} {
  const clock = new FakeClock()
  const network = new SimNetwork({ clock })
  return { clock, network, loop: createLoop({ backend: 'sim', network }) }
}

test('a timer that repeats at once lets everything else run', () => {
  const { clock, loop } = simulated()
  let count = 0
  let other = 0
  const timer = loop.timer(0, () => count++, { repeats: true })
  loop.timer(5, () => other++)
  clock.advance(10)
  assert.equal(other, 1)
  assert.ok(count >= 9 && count <= 11)
  timer.restart(0)
  clock.advance(10)
  assert.ok(count <= 22)
})

test('a timer may end or restart itself in its callback', () => {
  const { clock, loop } = simulated()
  const told: number[] = []
  loop.timer(
    1,
    (timer) => {
      told.push(clock.now())
      if (told.length === 3) timer.del()
    },
    { repeats: true },
  )
  const once = loop.timer(10, (timer) => {
    assert.equal(timer.isPending, false)
    told.push(-1)
    if (told.length < 5) timer.restart(20)
  })
  assert.equal(once.isPending, true)
  clock.advance(100)
  assert.deepEqual(told, [1_001, 1_002, 1_003, -1, -1])
  assert.equal(clock.timerCount, 0, 'nothing is left behind')
})

test('a timer deleted by another of the same turn does not run', () => {
  const { clock, loop } = simulated()
  const told: string[] = []
  const second = loop.timer(1, () => told.push('second'), { priority: 5 })
  loop.timer(1, () => {
    told.push('first')
    second.del()
  })
  clock.advance(5)
  assert.deepEqual(told, ['first'])
})

test('one alarm of the clock serves all timers', () => {
  const { clock, loop } = simulated()
  const timers = Array.from({ length: 100 }, (_, i) => loop.timer(100 - i, () => {}))
  assert.equal(clock.timerCount, 1)
  for (const timer of timers) timer.del()
  clock.advance(200)
  assert.equal(clock.timerCount, 0)
})

test('a signal deleted by another callback of the same turn is not told; a second one is', () => {
  const { clock, loop, network } = simulated()
  const told: string[] = []
  const late = loop.signal('SIGHUP', () => told.push('late'), { priority: 7 })
  loop.signal('SIGHUP', () => {
    told.push('first')
    late.del()
    late.del()
  })
  network.raise('SIGHUP')
  network.raise('SIGTERM')
  clock.runTurns()
  network.raise('SIGHUP')
  clock.runTurns()
  assert.deepEqual(told, ['first', 'first'])
})

test('a signal that cannot be caught is refused', () => {
  const loop = createLoop({ backend: 'net' })
  assert.throws(() => loop.signal('SIGKILL', () => {}), { code: 'ERR_OPTION_INVALID' })
  loop.shutDown()
})
