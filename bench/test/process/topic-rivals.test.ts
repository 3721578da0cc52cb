import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bareTopic, topicRival, topicRivalNames } from '../../src/process/topic-rivals.ts'

test('each way has the dialect and the history that its name says', () => {
  assert.equal(topicRivalNames[0], bareTopic)
  const ways = topicRivalNames.map((name) => {
    const { dialect, command } = topicRival(name)
    return [name, dialect.name, command.endsWith(' history')]
  })
  assert.deepEqual(ways, [
    ['bare', 'plain', false],
    ['history', 'plain', true],
    ['line-json', 'line-json', true],
    ['line-msgpack', 'line-msgpack', true],
  ])
})

test('an unknown way is refused', () => {
  assert.throws(() => topicRival('ws'), RangeError)
})
