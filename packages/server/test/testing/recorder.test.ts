// The recorder sees what it should, and fails where rule K2 is broken.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '../../src/connection/connection.ts'
import { recorder } from '../../src/testing/recorder.ts'

const c = {} as Connection

test('calls are kept in order, with what they were called with', () => {
  const { behavior, calls, connections } = recorder()
  behavior.open!(c)
  behavior.message(c, 'text')
  behavior.message(c, Uint8Array.of(1, 255))
  behavior.drain!(c)
  behavior.close(c, 1000, 'why')
  behavior.close(c, 1006, '')
  assert.deepEqual(calls, [
    'open',
    'message text',
    'message <01ff>',
    'drain',
    'close 1000 why',
    'close 1006',
  ])
  assert.deepEqual(connections, [c])
})

test('a call within a call fails; one after a throw does not', () => {
  const { behavior } = recorder({
    message: (_, data) => {
      if (data === 'nested') behavior.drain!(c)
      throw new Error('thrown')
    },
  })
  assert.throws(() => behavior.message(c, 'nested'), /from within another call/)
  assert.throws(() => behavior.message(c, 'x'), /thrown/)
  behavior.drain!(c)
})
