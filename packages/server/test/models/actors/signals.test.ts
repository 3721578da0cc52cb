// Signals, as the actor hears them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Monitor } from '../../../src/models/actors/links-and-monitors.ts'
import { DOWN, EXIT, STARTED } from '../../../src/models/actors/signals.ts'
import { standOf } from './stand.ts'

class Told {
  readonly heard: unknown[] = []
  result: unknown = undefined

  down(down: unknown): unknown {
    this.heard.push(down)
    return this.result
  }

  exit(exit: unknown): unknown {
    this.heard.push(exit)
    return this.result
  }

  started(): unknown {
    this.heard.push('started')
    return this.result
  }
}

test('all are signals, which no mailbox refuses', () => {
  for (const method of [DOWN, EXIT, STARTED]) assert.equal(method.isSignal, true, method.name)
})

test('down and exit hand on what they were sent with, and what the actor returns', () => {
  const told = new Told()
  told.result = 'returned'
  const ref = standOf('remote').system.newRef('x')
  const monitor = new Monitor(ref, { down: () => {} })
  const down = { ref, monitor, reason: 'normal' }
  assert.equal(DOWN.call(told, [down]), 'returned')
  assert.equal(EXIT.call(told, ['exit']), 'returned')
  assert.deepEqual(told.heard, [down, 'exit'])
  monitor.isTakenBack = true
  assert.equal(DOWN.call(told, [down]), undefined)
  assert.equal(told.heard.length, 2)
})

test('whoever waits for the start is told when it is done, and not when it failed', async () => {
  const told = new Told()
  let starts = 0
  const cell = { hasStarted: () => void starts++ }
  STARTED.call(told, [cell])
  assert.equal(starts, 1)
  const { promise, resolve } = Promise.withResolvers<void>()
  told.result = promise
  const started = STARTED.call(told, [cell])
  assert.equal(starts, 1)
  resolve()
  await started
  assert.equal(starts, 2)
  told.result = Promise.reject(new Error('no'))
  await assert.rejects(STARTED.call(told, [cell]) as Promise<void>, { message: 'no' })
  assert.equal(starts, 2)
})
