// What is built late must say what was true before it was built.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RareState } from '../../src/connection/rare-state.ts'
import { Stand } from './stand.ts'

test('at first nothing is held, owed, limited or closed', () => {
  assert.deepEqual(
    { ...new RareState() },
    {
      held: null,
      closeCode: 1006,
      closeReason: '',
      closingSinceMs: 0,
      pendingPong: null,
      pendingPings: 0,
      rate: null,
      lastMessageMs: 0,
      inflater: null,
      deflater: null,
      subprotocol: '',
    },
  )
})

test('a line that breaks is told of in the same words, with a rare state and without', () => {
  for (const limits of [{}, { messagesPerSecond: 10 }]) {
    const stand = new Stand({ limits })
    stand.open().transport.breakOff()
    assert.deepEqual(stand.calls, ['open', 'close 1006', 'closed 1006'])
  }
})
