// What may be set for all histories together.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveHistoryLimits } from '../../src/topics/history-limits.ts'

test('the defaults, and what is set', () => {
  assert.deepEqual(resolveHistoryLimits(), { topics: 100_000, bytes: 268_435_456 })
  assert.deepEqual(resolveHistoryLimits({ topics: 7 }), { topics: 7, bytes: 268_435_456 })
})

test('limits that are none are refused', () => {
  for (const limits of [{ topics: 0 }, { bytes: 1.5 }, { bytes: Infinity }, { names: 1 }]) {
    assert.throws(() => resolveHistoryLimits(limits), { code: 'ERR_OPTION_INVALID' })
  }
})
