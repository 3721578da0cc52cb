// A checker that finds nothing is worth nothing: each kind of harm is found, and no other is made up.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Bits } from '../bits.ts'
import { judge, percentile } from '../checker.ts'
import type { PublishedTopic, ShownTopic } from '../words.ts'

function bits(...ids: number[]): string {
  const set = new Bits()
  for (const id of ids) set.add(id)
  return set.toString()
}

const published = (topic: string, count: number, ...acknowledged: number[]): PublishedTopic => ({
  topic,
  count,
  acknowledged: bits(...acknowledged),
})

const shown = (topic: string, ids: number[], more: Partial<ShownTopic> = {}): ShownTopic => ({
  topic,
  client: 0,
  shown: bits(...ids),
  duplicates: 0,
  disorders: 0,
  gaps: 0,
  ...more,
})

const fine = { lost: 0, told: 0, duplicates: 0, disorders: 0, gaps: 0, idleTopics: 0 }

test('what was acknowledged and shown to everybody is fine', () => {
  const verdict = judge(
    [published('a', 3, 0, 1, 2), published('b', 1, 0)],
    [shown('a', [0, 1, 2]), shown('a', [2, 1, 0]), shown('b', [0])],
  )
  assert.deepEqual(verdict, { ...fine, acknowledged: 4, unacknowledged: 0, shown: 7 })
})

test('what was not acknowledged may be shown or not', () => {
  const verdict = judge([published('a', 3, 0)], [shown('a', [0, 2]), shown('a', [0])])
  assert.deepEqual(verdict, { ...fine, acknowledged: 1, unacknowledged: 2, shown: 3 })
})

test('acknowledged and not shown is lost, for each subscriber', () => {
  const { lost, told } = judge([published('a', 600, 0, 599)], [shown('a', []), shown('a', [599])])
  assert.deepEqual([lost, told], [3, 0])
})

test('whoever was told of a gap has lost nothing in silence', () => {
  const { lost, told, gaps } = judge([published('a', 2, 0, 1)], [shown('a', [1], { gaps: 1 })])
  assert.deepEqual([lost, told, gaps], [0, 1, 1])
})

test('what was shown twice or out of order is counted', () => {
  const { duplicates, disorders } = judge(
    [published('a', 1, 0)],
    [shown('a', [0], { duplicates: 2 }), shown('a', [0], { disorders: 3 })],
  )
  assert.deepEqual([duplicates, disorders], [2, 3])
})

test('topics that nobody published to, or nobody heard, are told: they tested nothing', () => {
  const { idleTopics } = judge(
    [published('silent', 1), published('unheard', 1, 0)],
    [shown('silent', []), shown('unknown', [])],
  )
  assert.equal(idleTopics, 3)
})

test('percentiles', () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i)
  assert.equal(percentile(values, 50), 51)
  assert.equal(percentile(values, 99), 100)
  assert.equal(percentile([], 99), 0)
})
