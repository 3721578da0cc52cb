import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { NodeClock } from '../../../src/engines/node/node-clock.ts'

test('now goes forward, in milliseconds', async () => {
  const clock = new NodeClock()
  const since = clock.now()
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.ok(clock.now() - since >= 15 && clock.now() - since < 10_000)
})

test('a timer fires once, after its time; a cancelled one never', async () => {
  const clock = new NodeClock()
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
  const source = new URL('../../../src/engines/node/node-clock.ts', import.meta.url).href
  const program = `const { NodeClock } = await import(${JSON.stringify(source)}); new NodeClock().setTimer(60_000, () => {})`
  const since = performance.now()
  execFileSync(process.execPath, ['--input-type=module', '-e', program])
  assert.ok(performance.now() - since < 30_000)
})

test('the end of a turn comes after its microtasks and ticks, and before the next turn', async () => {
  const clock = new NodeClock()
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
