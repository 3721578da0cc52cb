// Names in Redis: any topic has its own, all of a topic are in one hash slot, and patterns are what the contract says.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isPattern, matches, TopicNames } from '../../../src/brokers/redis/topic-names.ts'

const topicUnit = fc.constantFrom('a', '.', '%', '{', '}', '2', '5', '7', 'B', 'D', '*', 'ö')
const names = new TopicNames('holdline')

test('the keys of a topic are in one hash slot with its channel', () => {
  for (const topic of ['news', '{tag}', '}', '{}', '%7D', 'a}b{c', 'ö.漢']) {
    const { head, log, channel } = names.keys(topic)
    const tags = [head, log, channel, names.once(channel, 'x{y}z')].map(hashTagOf)
    assert.equal(new Set(tags).size, 1, topic)
    assert.ok(tags[0]!.length > 0, topic)
  }
})

test('a channel names its topic again, and no two topics have the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: topicUnit, minLength: 1 }), (topic) => {
      assert.equal(names.topicOf(names.channel(topic)), topic)
    }),
  )
})

test('the key that names the data set is the key of no topic', () => {
  const topic = names.topicOf(names.life)
  assert.notEqual(names.channel(topic), names.life)
})

test('a pattern has a part that is *, or ends in **', () => {
  for (const pattern of ['*', '**', 'news.*', 'news.**', '*.a', 'a.*.b'])
    assert.ok(isPattern(pattern))
  for (const topic of ['news', 'a*', 'n.*x', '**.a', 'a.***', ''])
    assert.ok(!isPattern(topic), topic)
})

test('* is exactly one part, ** at the end one or more', () => {
  const table: readonly (readonly [string, string, boolean])[] = [
    ['news.*', 'news.a', true],
    ['news.*', 'news.a.b', false],
    ['news.*', 'news', false],
    ['news.**', 'news.a', true],
    ['news.**', 'news.a.b.c', true],
    ['news.**', 'news', false],
    ['*.b', 'a.b', true],
    ['*.b', 'a.c', false],
    ['**', 'a', true],
    ['a.*.c', 'a.b.c', true],
    ['a.*.c', 'a.b.d', false],
  ]
  for (const [pattern, topic, expected] of table) {
    assert.equal(matches(pattern.split('.'), topic), expected, `${pattern} ${topic}`)
  }
})

test('the glob of a pattern takes all that the pattern matches, and takes no character for a wildcard', () => {
  assert.equal(names.glob('news.*'), 'holdline:{news.*}')
  assert.equal(names.glob('news.**'), 'holdline:{news.*}')
  assert.equal(names.glob('a?b[c]\\.*'), 'holdline:{a\\?b\\[c\\]\\\\.*}')
  assert.equal(new TopicNames('x*').glob('{.*'), 'x\\*:{%7B.*}')
})

/** Redis Cluster: what is between the first `{` and the first `}` behind it. */
function hashTagOf(key: string): string {
  const start = key.indexOf('{') + 1
  return key.slice(start, key.indexOf('}', start))
}
