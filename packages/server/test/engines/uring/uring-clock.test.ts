import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Reactor } from '../../../src/engines/uring/reactor.ts'
import { UringClock } from '../../../src/engines/uring/uring-clock.ts'

test('time passes, and a timer comes once, not before its time, or never when it was taken back', async () => {
  const clock = new UringClock()
  const since = clock.now()
  let lateCalls = 0
  const cancel = clock.setTimer(5, () => lateCalls++)
  cancel()
  await new Promise<void>((resolve, reject) => {
    const alive = setTimeout(() => reject(new Error('waited in vain')), 5_000)
    clock.setTimer(20, () => {
      clearTimeout(alive)
      resolve()
    })
  })
  assert.ok(clock.now() - since >= 19, `${clock.now() - since} ms`)
  assert.equal(lateCalls, 0)
})

test('a timer keeps no process alive', () => {
  const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const cancel = new UringClock().setTimer(60_000, () => {})
  const after = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  cancel()
  assert.equal(after, before)
})

test('the end of the turn is the reactor’s, and the event loop’s where none runs', async () => {
  const clock = new UringClock()
  const calls: string[] = []
  await new Promise<void>((resolve) => {
    clock.atTurnEnd(() => {
      calls.push('loop')
      resolve()
    })
    calls.push('now')
  })
  assert.deepEqual(calls, ['now', 'loop'])
  const given: (() => void)[] = []
  clock.reactor = { atTurnEnd: (f: () => void) => given.push(f) } as unknown as Reactor
  const f = (): void => {}
  clock.atTurnEnd(f)
  assert.deepEqual(given, [f])
})
