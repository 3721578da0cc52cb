import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { processClock } from '../../../src/models/csp/process-clock.ts'

test('it tells the time forward, calls at its time and at the end of the turn, and cancels', async () => {
  const startedMs = processClock.now()
  const cancel = processClock.setTimer(1, () => assert.fail('it was cancelled'))
  const turn = new Promise<void>((resolve) => processClock.atTurnEnd(resolve))
  const timer = new Promise<void>((resolve) => processClock.setTimer(5, resolve))
  cancel()
  await Promise.all([turn, timer])
  assert.ok(processClock.now() > startedMs)
})

test('a program that waits for a timer alone is not over before it', () => {
  const code = `
    import { after } from 'holdline/csp'
    await after(5).receive()
    console.log('came')
  `
  const root = new URL('../../../../../', import.meta.url)
  const args = ['-C', 'source', '--input-type=module', '--eval', code]
  assert.equal(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }), 'came\n')
})
