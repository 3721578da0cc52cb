// A refusal carries what the client is told.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '../../src/line/refusal.ts'

test('a refusal has a code, a detail, and when to try again', () => {
  const refusal = new Refusal('ERR_PUBLISH_RATE', 'slower', 250)
  assert.deepEqual(
    [refusal.code, refusal.message, refusal.retryAfterMs],
    ['ERR_PUBLISH_RATE', 'slower', 250],
  )
})
