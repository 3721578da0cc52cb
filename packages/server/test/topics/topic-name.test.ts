// Names of topics, patterns, and which pattern says most.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkProgramTopic,
  checkSubscribedTopic,
  checkTopicName,
  isOwnTopic,
  isPattern,
  TopicPattern,
} from '../../src/topics/topic-name.ts'

test('a name has 1 to 255 bytes and no control characters', () => {
  for (const name of ['a', 'room/1', 'ü'.repeat(127), 'news.*', '$own']) checkTopicName(name)
  for (const name of ['', 'ü'.repeat(128), 'a\nb', 'a\u007f', 7, null, undefined, {}]) {
    assert.throws(() => checkTopicName(name), { code: 'ERR_TOPIC_NAME' })
  }
})

test('a program is refused patterns, and what is of Holdline itself', () => {
  for (const name of ['news', 'a*b', 'news.a$']) checkProgramTopic(name)
  for (const name of ['$presence', 'news.*', '*', 'a.**']) {
    assert.throws(() => checkProgramTopic(name), { code: 'ERR_TOPIC_NAME' })
  }
  for (const name of ['news', 'news.*', 'a.$b']) checkSubscribedTopic(name)
  assert.throws(() => checkSubscribedTopic('$hold'), { code: 'ERR_TOPIC_NAME' })
  assert.deepEqual([isOwnTopic('$x'), isOwnTopic('x$')], [true, false])
})

test('* is exactly one part, ** at the end one or more', () => {
  const matches = (pattern: string, name: string): boolean =>
    new TopicPattern(pattern).matches(name)
  assert.deepEqual(
    ['news', 'news.a', 'news.a.b', 'new.a', 'news.'].map((name) => matches('news.*', name)),
    [false, true, false, false, true],
  )
  assert.deepEqual(
    ['news', 'news.a', 'news.a.b', 'other.a'].map((name) => matches('news.**', name)),
    [false, true, true, false],
  )
  assert.deepEqual(
    [matches('*.a', 'x.a'), matches('*.a', 'x.b'), matches('**', 'x')],
    [true, false, true],
  )
  assert.equal(matches('**', '$presence'), false)
  assert.throws(() => new TopicPattern('a.**.b'), { code: 'ERR_TOPIC_NAME' })
  assert.deepEqual(['a.*', 'a.**', 'a*', 'a.*b', 'a'].map(isPattern), [
    true,
    true,
    false,
    false,
    false,
  ])
})

test('the pattern that says most comes first', () => {
  const patterns = ['**', 'a.**', '*', 'a.*', '*.b', 'a.*.c', 'a.b.**'].map(
    (text) => new TopicPattern(text),
  )
  const sorted = patterns.toSorted((one, other) => one.compare(other)).map(({ text }) => text)
  assert.deepEqual(sorted, ['a.b.**', 'a.*.c', 'a.*', 'a.**', '*.b', '*', '**'])
})
