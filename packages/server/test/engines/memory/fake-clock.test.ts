// A time that passes when it is told to.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../../src/engines/memory/fake-clock.ts'

test('timers run in the order of their times, and of one time in the order they were set', () => {
  const clock = new FakeClock(0)
  const seen: string[] = []
  clock.setTimer(20, () => seen.push(`b ${clock.now()}`))
  clock.setTimer(10, () => seen.push(`a ${clock.now()}`))
  clock.setTimer(20, () => seen.push(`c ${clock.now()}`))
  clock.setTimer(31, () => seen.push('late'))
  clock.advance(30)
  assert.deepEqual(seen, ['a 10', 'b 20', 'c 20'])
  assert.deepEqual([clock.now(), clock.timerCount], [30, 1])
})

test('a timer that was cancelled does not run, nor one twice', () => {
  const clock = new FakeClock()
  let count = 0
  const cancel = clock.setTimer(5, () => count++)
  clock.setTimer(5, () => count++)
  cancel()
  cancel()
  clock.advance(10)
  cancel()
  clock.advance(10)
  assert.equal(count, 1)
})

test('a turn runs what was due when it began, then its end; what they ask for is the next turn', () => {
  const clock = new FakeClock()
  const seen: string[] = []
  clock.atTurnEnd(() => {
    seen.push('end 1')
    clock.atTurnEnd(() => seen.push('end 2'))
  })
  clock.setTimer(0, () => {
    seen.push('timer 1')
    clock.setTimer(0, () => seen.push('timer 2'))
    clock.atTurnEnd(() => seen.push('end 1b'))
  })
  clock.runTurn()
  assert.deepEqual(seen, ['timer 1', 'end 1', 'end 1b'])
  assert.ok(clock.isBusy)
  clock.runTurns()
  assert.deepEqual(seen.slice(3), ['timer 2', 'end 2'])
  assert.ok(!clock.isBusy)
})

test('time that passes stops at timers that were set on the way', () => {
  const clock = new FakeClock(100)
  const seen: number[] = []
  const again = (): void => {
    seen.push(clock.now())
    clock.setTimer(10, again)
  }
  again()
  clock.advance(35)
  assert.deepEqual(seen, [100, 110, 120, 130])
  assert.equal(clock.now(), 135)
})

test('turns that never come to an end are reported', () => {
  const clock = new FakeClock()
  const forever = (): void => clock.atTurnEnd(forever)
  forever()
  assert.throws(() => clock.runTurns(), /do not come to an end/)
})

test('pass and settle let promises go on between the turns', async () => {
  const clock = new FakeClock(0)
  const seen: string[] = []
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => clock.setTimer(ms, () => resolve()))
  void (async () => {
    await sleep(10)
    seen.push(`slept ${clock.now()}`)
    await sleep(10)
    seen.push(`slept ${clock.now()}`)
    clock.atTurnEnd(() => seen.push('end'))
  })()
  await clock.pass(15)
  assert.deepEqual(seen, ['slept 10'])
  await clock.pass(15)
  assert.deepEqual(seen, ['slept 10', 'slept 20', 'end'])
  void Promise.resolve().then(() => clock.setTimer(0, () => seen.push('settled')))
  await clock.settle()
  assert.deepEqual([seen.at(-1), clock.now()], ['settled', 30])
})
