import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../src/models/threads/system-clock.ts'

test('a timer runs once its time has passed, unless it is cancelled', async () => {
  // The clock's timers do not keep the process.
  const keeper = setInterval(() => {}, 1_000)
  const since = systemClock.now()
  let cancelledRan = false
  systemClock.setTimer(5, () => (cancelledRan = true))()
  await new Promise<void>((resolve) => void systemClock.setTimer(20, resolve))
  assert.ok(systemClock.now() - since >= 19)
  assert.equal(cancelledRan, false)
  clearInterval(keeper)
})
