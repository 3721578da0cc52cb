import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { ProcessClock } from '../../src/connection/process-clock.ts'

test('now goes forward, in milliseconds', async () => {
  const clock = new ProcessClock(false)
  const since = clock.now()
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.ok(clock.now() - since >= 15 && clock.now() - since < 10_000)
})

test('a timer fires once, after its time; a cancelled one never', async () => {
  const clock = new ProcessClock(false)
  const fired: string[] = []
  clock.setTimer(5, () => fired.push('cancelled'))()
  const since = clock.now()
  // Unlike the timers of the clock this one keeps the process.
  const guard = setTimeout(() => {}, 5_000)
  await new Promise<void>((resolve) => {
    clock.setTimer(20, () => {
      fired.push('fired')
      clock.setTimer(20, resolve)
    })
  })
  clearTimeout(guard)
  assert.ok(clock.now() - since >= 35)
  assert.deepEqual(fired, ['fired'])
})

test('a timer does not keep the process', () => {
  const source = new URL('../../src/connection/process-clock.ts', import.meta.url).href
  const program = `const { ProcessClock } = await import(${JSON.stringify(source)}); new ProcessClock(false).setTimer(60_000, () => {})`
  const since = performance.now()
  execFileSync(process.execPath, ['--input-type=module', '-e', program])
  assert.ok(performance.now() - since < 30_000)
})

test('a timer of a clock that keeps the process does', () => {
  const source = new URL('../../src/connection/process-clock.ts', import.meta.url).href
  const program =
    `const { ProcessClock } = await import(${JSON.stringify(source)})\n` +
    `new ProcessClock(true).setTimer(5, () => console.log('came'))`
  const args = ['--input-type=module', '-e', program]
  assert.equal(execFileSync(process.execPath, args, { encoding: 'utf8' }), 'came\n')
})

test('a delay longer than a timer of Node can hold is waited for in parts', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clock = new ProcessClock(true)
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

test('the end of a turn comes after its microtasks and ticks, and before the next turn', async () => {
  const clock = new ProcessClock(false)
  const order: string[] = []
  await new Promise<void>((resolve) => {
    // From within a turn: a callback of the poll or timer phase.
    setTimeout(() => {
      clock.atTurnEnd(() => order.push('end'))
      setTimeout(() => {
        order.push('next')
        resolve()
      }, 0)
      process.nextTick(() => order.push('tick'))
      queueMicrotask(() => order.push('microtask'))
      order.push('now')
    }, 1)
  })
  assert.deepEqual(order, ['now', 'tick', 'microtask', 'end', 'next'])
})
