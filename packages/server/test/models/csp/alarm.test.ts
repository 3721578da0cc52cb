import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../../../src/connection/clock.ts'
import { isDue, setAlarm } from '../../../src/models/csp/alarm.ts'
import { FakeClock } from 'holdline/testing'

test('an alarm comes at its moment, not before', () => {
  const clock = new FakeClock()
  const calls: number[] = []
  setAlarm(clock, clock.now() + 10, () => calls.push(clock.now()))
  clock.advance(9)
  assert.deepEqual(calls, [])
  clock.advance(1)
  assert.deepEqual(calls, [1_010])
  assert.equal(clock.timerCount, 0)
})

test('a timer that comes early is set again', () => {
  const clock = new FakeClock()
  const early: Clock = {
    now: () => clock.now(),
    setTimer: (ms, f) => clock.setTimer(ms > 1 ? ms - 0.75 : ms, f),
    atTurnEnd: (f) => clock.atTurnEnd(f),
  }
  const calls: number[] = []
  setAlarm(early, clock.now() + 10, () => calls.push(clock.now()))
  clock.advance(9.5)
  assert.deepEqual(calls, [])
  clock.advance(0.5)
  assert.deepEqual(calls, [1_010])
})

test('an alarm further away than a timer of Node reaches comes at its moment', () => {
  const clock = new FakeClock()
  const longest = 2 ** 31 - 1
  const limited: Clock = {
    now: () => clock.now(),
    // As Node: more than it can hold is 1.
    setTimer: (ms, f) => clock.setTimer(ms > longest ? 1 : ms, f),
    atTurnEnd: (f) => clock.atTurnEnd(f),
  }
  const dueMs = clock.now() + 3 * longest
  let calledMs = 0
  setAlarm(limited, dueMs, () => (calledMs = clock.now()))
  const cancel = setAlarm(limited, dueMs, () => assert.fail('it was cancelled'))
  clock.advance(2.5 * longest)
  assert.equal(calledMs, 0)
  cancel()
  clock.advance(longest)
  assert.equal(calledMs, dueMs)
  assert.equal(clock.timerCount, 0)
})

test('an alarm at Infinity is none', () => {
  const clock = new FakeClock()
  setAlarm(clock, Infinity, () => {})()
  assert.equal(clock.timerCount, 0)
  assert.equal(isDue(clock, Infinity), false)
})
