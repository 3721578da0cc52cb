import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guard } from '../src/guard.ts'

test('a listener that throws does not throw here, and is not swallowed', (context) => {
  const later: (() => void)[] = []
  context.mock.method(globalThis, 'queueMicrotask', (callback: () => void) => later.push(callback))
  guard(() => {
    throw new Error('from a listener')
  })
  assert.throws(() => later[0]?.(), /from a listener/)
})
