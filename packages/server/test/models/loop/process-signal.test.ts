import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onProcessSignal } from '../../../src/models/loop/process-signal.ts'

test('a signal is told until it is not wanted', async () => {
  const before = process.listenerCount('SIGWINCH')
  let count = 0
  const forget = onProcessSignal('SIGWINCH', () => count++)
  const isTold = new Promise<void>((resolve) => process.once('SIGWINCH', () => resolve()))
  process.kill(process.pid, 'SIGWINCH')
  await isTold
  assert.equal(count, 1)
  forget()
  assert.equal(process.listenerCount('SIGWINCH'), before)
})

test('one that cannot be caught is refused', () => {
  assert.throws(() => onProcessSignal('SIGKILL', () => {}))
})
