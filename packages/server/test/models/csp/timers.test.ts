// Time as channels, on a clock that passes when it is told to.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { after, select, tick } from 'holdline/csp'
import { FakeClock } from 'holdline/testing'
import { settling } from './settling.ts'

test('Go: after gives one value once its time has passed, and never another', async () => {
  const clock = new FakeClock()
  const timer = after(100, clock)
  const first = settling(timer.receive())
  const second = settling(timer.receive())
  await clock.pass(99)
  assert.equal(first.isSettled, false)
  await clock.pass(1)
  assert.deepEqual(first.value, { value: 1_100, ok: true })
  await clock.pass(10_000)
  assert.equal(second.isSettled, false)
  assert.equal(timer.tryReceive(), null)
})

test('Go: its time counts from when it was made, not from when somebody waits', async () => {
  const clock = new FakeClock()
  const timer = after(100, clock)
  await clock.pass(70)
  assert.equal(timer.tryReceive(), null)
  const waiting = settling(timer.receive())
  await clock.pass(30)
  assert.deepEqual(waiting.value, { value: 1_100, ok: true })
  const late = after(100, clock)
  await clock.pass(500)
  assert.deepEqual(late.tryReceive(), { value: 1_200, ok: true })
})

test('Go 1.23: a timer that nobody waits for is not running', async () => {
  const clock = new FakeClock()
  const timers = Array.from({ length: 100 }, () => after(1_000, clock))
  using ticker = tick(10, clock)
  assert.equal(clock.timerCount, 0)
  const waiting = settling(select({ a: timers[0]!, b: timers[1]!, ticker }))
  assert.equal(clock.timerCount, 3)
  assert.equal(ticker.isArmed, true)
  await clock.pass(10)
  assert.equal(waiting.value?.key, 'ticker')
  assert.equal(clock.timerCount, 0)
  assert.equal(ticker.isArmed, false)
})

test('Go: tick gives a value every period', async () => {
  const clock = new FakeClock()
  using ticker = tick(10, clock)
  const seen: number[] = []
  void (async () => {
    for await (const ms of ticker) seen.push(ms)
  })()
  await clock.pass(35)
  assert.deepEqual(seen, [1_010, 1_020, 1_030])
})

test('Go: tick drops ticks for slow receivers: one waits, and the next comes in its time', async () => {
  const clock = new FakeClock()
  using ticker = tick(10, clock)
  await clock.pass(57)
  assert.deepEqual(ticker.tryReceive(), { value: 1_010, ok: true })
  assert.equal(ticker.tryReceive(), null)
  const next = settling(ticker.receive())
  await clock.pass(2)
  assert.equal(next.isSettled, false)
  await clock.pass(1)
  assert.deepEqual(next.value, { value: 1_060, ok: true })
})

test('several who wait for one ticker are served one tick each, in order', async () => {
  const clock = new FakeClock()
  using ticker = tick(10, clock)
  const waits = [settling(ticker.receive()), settling(ticker.receive())]
  await clock.pass(10)
  assert.deepEqual(
    waits.map(({ value }) => value?.value),
    [1_010, undefined],
  )
  await clock.pass(10)
  assert.equal(waits[1]!.value?.value, 1_020)
  assert.equal(clock.timerCount, 0)
})

test('nobody overtakes one who waits, even where the timer is late', () => {
  const clock = new FakeClock()
  const timer = after(10, clock)
  const waiting = settling(timer.receive())
  const original = clock.now.bind(clock)
  clock.now = () => original() + 10
  assert.equal(timer.tryReceive(), null)
  assert.equal(timer.waitingReceivers, 1)
  assert.equal(waiting.isSettled, false)
})

test('Go: stop ends a timer and does not close it', async () => {
  const clock = new FakeClock()
  const stopped = [after(10, clock), tick(10, clock)]
  const waits = stopped.map((timer) => settling(timer.receive()))
  for (const timer of stopped) timer.stop()
  assert.equal(clock.timerCount, 0)
  await clock.pass(1_000)
  for (const [i, timer] of stopped.entries()) {
    assert.equal(waits[i]!.isSettled, false)
    assert.equal(timer.tryReceive(), null)
  }
  // Who comes now waits for ever, too.
  const late = settling(stopped[1]!.receive())
  await clock.pass(1_000)
  assert.equal(late.isSettled, false)
  assert.equal(clock.timerCount, 0)
})

test('at once, and never', async () => {
  const clock = new FakeClock()
  for (const ms of [0, -5]) assert.equal(after(ms, clock).tryReceive()?.ok, true)
  const never = settling(after(Infinity, clock).receive())
  await clock.pass(1_000_000)
  assert.equal(never.isSettled, false)
  assert.equal(clock.timerCount, 0)
})

test('times that are none are refused', () => {
  for (const ms of [0, -1, Number.NaN]) {
    assert.throws(() => tick(ms), { code: 'ERR_OPTION_INVALID' })
  }
  assert.throws(() => after(Number.NaN), { code: 'ERR_OPTION_INVALID' })
})

test('on the clock of the process', async () => {
  using ticker = tick(2)
  const startedMs = performance.now()
  let count = 0
  for await (const _ of ticker) if (++count === 3) break
  await after(1).receive()
  assert.ok(performance.now() - startedMs >= 5)
})
