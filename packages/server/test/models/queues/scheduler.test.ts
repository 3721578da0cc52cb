// Which queue is served when, and that I/O is served in between.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from 'holdline/testing'
import { queues } from 'holdline/queues'
import type { Qos } from 'holdline/queues'
import { PATIENCE } from '../../../src/models/queues/qos.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('QoS: what is more urgent runs first', async () => {
  const family = queues({ budget: { ms: 10_000 } })
  const ran: string[] = []
  for (const qos of ['background', 'default', 'interactive', 'utility', 'initiated'] as Qos[]) {
    family.serial({ qos }).post(() => ran.push(qos))
  }
  await turn()
  assert.deepEqual(ran, ['interactive', 'initiated', 'default', 'utility', 'background'])
})

test('QoS: no starvation: background runs beside endless interactive work', async () => {
  const family = queues()
  const urgent = family.serial({ qos: 'interactive' })
  let urgentCount = 0
  let isOver = false
  const again = (): void => {
    urgentCount++
    if (!isOver) urgent.post(again)
  }
  urgent.post(again)
  const ran: number[] = []
  const background = family.global('background')
  await Promise.all([1, 2, 3].map(() => background.async(() => ran.push(urgentCount))))
  isOver = true
  assert.ok(urgentCount >= PATIENCE[4]!)
  for (const [i, count] of ran.entries()) {
    assert.ok(count <= (i + 1) * (PATIENCE[4]! + 2), `after ${count} urgent blocks`)
  }
})

test('who awaits a block goes on before long, whatever else is there to do', async () => {
  const serial = queues().serial()
  let count = 0
  let isOver = false
  const again = (): void => {
    count++
    if (!isOver) serial.post(again)
  }
  const first = serial.async(() => {})
  serial.post(again)
  await first
  isOver = true
  assert.ok(count < 100, `after ${count} others`)
})

test('fairness: I/O is served when the budget of blocks is spent', async () => {
  const serial = queues({ budget: { blocks: 10, ms: 10_000 } }).serial()
  let count = 0
  let isOver = false
  const again = (): void => {
    count++
    if (!isOver) serial.post(again)
  }
  serial.post(again)
  const counts: number[] = []
  for (let i = 0; i < 5; i++) {
    await turn()
    counts.push(count)
  }
  isOver = true
  assert.deepEqual(counts, [10, 20, 30, 40, 50])
})

test('fairness: blocks that add to the queue behind an await share the budget of their turn', async () => {
  const serial = queues({ budget: { blocks: 10, ms: 10_000 } }).serial()
  let count = 0
  let isOver = false
  void (async () => {
    while (!isOver) await serial.async(() => count++)
  })()
  await turn()
  assert.equal(count, 10)
  await turn()
  assert.equal(count, 20)
  isOver = true
  await turn()
})

test('fairness: I/O is served when the time of the budget is spent', async () => {
  const clock = new FakeClock()
  let nowMs = 0
  clock.now = () => nowMs
  const serial = queues({ clock, budget: { ms: 5 } }).serial()
  let count = 0
  for (let i = 0; i < 10; i++) {
    serial.post(() => {
      count++
      nowMs += 2
    })
  }
  await Promise.resolve()
  assert.equal(count, 3)
  clock.runTurn()
  assert.equal(count, 6)
  clock.runTurns()
  assert.equal(count, 10)
})

test('a turn ends once, and an idle scheduler asks the clock for nothing', async () => {
  const clock = new FakeClock()
  const serial = queues({ clock }).serial()
  for (let i = 0; i < 3; i++) await serial.async(() => {})
  assert.equal(clock.isBusy, true)
  clock.runTurn()
  assert.equal(clock.isBusy, false)
})

test('a budget that lets nothing run is refused', () => {
  assert.throws(() => queues({ budget: { blocks: 0 } }), { code: 'ERR_OPTION_INVALID' })
  assert.throws(() => queues({ budget: { ms: 0 } }), { code: 'ERR_OPTION_INVALID' })
})
