// Counters begin at nothing, and each topic layer has its own.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { topicCounters } from '../../src/topics/topic-counters.ts'

test('all of them begin at 0, and are not shared', () => {
  const counters = topicCounters()
  assert.ok(Object.values(counters).every((count) => count === 0))
  counters.gaps++
  assert.equal(topicCounters().gaps, 0)
})
