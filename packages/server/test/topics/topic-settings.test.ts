// What holds for a topic by its name, and what is refused as an option.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TopicSettingsTable } from '../../src/topics/topic-settings.ts'
import type { TopicOptions } from '../../src/topics/topic-options.ts'

test('without options a topic has no history, and who lags is closed', () => {
  const settings = new TopicSettingsTable().of('news')
  assert.deepEqual(settings, {
    retention: null,
    overflow: 'disconnect',
    lagBytes: null,
    blockMs: 5_000,
    keyCount: 10_000,
    authorize: null,
  })
})

test('the name itself goes before patterns, and of these the one that says most', () => {
  const count = (count: number): TopicOptions => ({ history: { count } })
  const table = new TopicSettingsTable({
    '**': count(1),
    'news.**': count(2),
    'news.*': count(3),
    'news.sport': count(4),
  })
  const counts = ['other', 'news.a.b', 'news.a', 'news.sport'].map(
    (name) => table.of(name).retention?.count,
  )
  assert.deepEqual(counts, [1, 2, 3, 4])
  assert.equal(table.of('$presence').retention, null)
  assert.equal(table.of('$revocations').retention?.ageMs, 86_400_000)
})

test('history: true has defaults, an object sets some of them', () => {
  const table = new TopicSettingsTable({
    a: { history: true },
    b: { history: { ageMs: 5 } },
    c: {},
  })
  assert.deepEqual(table.of('a').retention, { count: 1_000, bytes: 1_048_576, ageMs: 300_000 })
  assert.deepEqual(table.of('b').retention, { count: 1_000, bytes: 1_048_576, ageMs: 5 })
  assert.equal(table.of('c').retention, null)
})

test('whether anybody may block is known', () => {
  assert.equal(new TopicSettingsTable({ a: { history: true } }).mayBlock, false)
  assert.equal(new TopicSettingsTable({ a: { overflow: 'block' } }).mayBlock, true)
  assert.equal(new TopicSettingsTable({ 'a.*': { overflow: 'block' } }).mayBlock, true)
})

const bad: readonly [Record<string, unknown>, RegExp][] = [
  [{ '': {} }, /no name/],
  [{ 'a.**.b': {} }, /no name/],
  [{ $presence: {} }, /Holdline's own/],
  [{ a: null }, /no object/],
  [{ a: { histroy: true } }, /histroy is not an option/],
  [{ a: { history: 5 } }, /neither true nor false/],
  [{ a: { history: { counts: 5 } } }, /counts is not an option/],
  [{ a: { history: { count: 0 } } }, /history.count is 0/],
  [{ a: { history: { bytes: 1.5 } } }, /history.bytes is 1.5/],
  [{ a: { history: { ageMs: -1 } } }, /history.ageMs is -1/],
  [{ a: { overflow: 'drop' } }, /not one of block/],
  [{ a: { overflow: 'replay' } }, /no history to replay/],
  [{ a: { lagBytes: 0 } }, /lagBytes is 0/],
  [{ a: { blockMs: 60_001 } }, /blockMs is 60001/],
  [{ a: { keys: 0 } }, /keys is 0/],
  [{ a: { authorize: true } }, /authorize is no function/],
]
for (const [options, message] of bad) {
  test(`refused: ${JSON.stringify(options)}`, () => {
    assert.throws(
      () => new TopicSettingsTable(options as Record<string, TopicOptions>),
      (error: Error & { code: string }) =>
        error.code === 'ERR_OPTION_INVALID' && message.test(error.message),
    )
  })
}
