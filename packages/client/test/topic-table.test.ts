import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entryOf } from '../src/topic-table.ts'

test('a name has its own entry, else that of the first pattern that it fits', () => {
  const table = new Map([
    ['a.b', 'own'],
    ['a.*', 'one'],
    ['c.*.d', 'mid'],
    ['c.**', 'rest'],
  ])
  for (const [topic, expected] of [
    ['a.b', 'own'],
    ['a.c', 'one'],
    ['a', undefined],
    ['a.b.c', undefined],
    ['c.x.d', 'mid'],
    ['c.x.e', 'rest'],
    ['c.x', 'rest'],
    ['c', undefined],
    ['constructor', undefined],
    ['undefined', undefined],
  ] as const) {
    assert.equal(entryOf(table, topic), expected, topic)
  }
})
