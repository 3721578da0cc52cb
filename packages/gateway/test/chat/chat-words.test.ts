import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  draftOf,
  identityOf,
  isRoomTopic,
  nameProblem,
  personOf,
  roomProblem,
  tidyName,
  tidyRoom,
  topicOf,
} from '../../src/chat/chat-words.ts'

test('names and rooms are tidied: spaces, case, Unicode form', () => {
  assert.equal(tidyRoom('  Cafe\u0301-E\u0301te\u0301 '), 'café-été')
  assert.equal(tidyName('  Ada \n  Love '), 'Ada Love')
})

test('what is out of bounds is refused with a sentence for people', () => {
  assert.match(nameProblem(tidyName('   ')) ?? '', /Choose a name/)
  assert.match(nameProblem('x'.repeat(33)) ?? '', /at most 32/)
  assert.match(nameProblem('Ada\u202Eevil') ?? '', /invisible/)
  assert.match(nameProblem('A\u200Bda') ?? '', /invisible/)
  assert.match(nameProblem('\u0301') ?? '', /something to read/)
  assert.match(roomProblem('') ?? '', /Choose a room/)
  assert.match(roomProblem('x'.repeat(41)) ?? '', /at most 40/)
  assert.match(roomProblem('a/b') ?? '', /letters, digits/)
  assert.match(roomProblem('-a') ?? '', /begins with/)
})

test('names of the world and emoji families are names', () => {
  for (const name of ['Søren', '李雷', 'عائشة', "O'Neil", '👩‍👩‍👧', 'J.']) {
    assert.equal(nameProblem(name), null, name)
  }
})

test('a room has one topic, and no other topic is a room', () => {
  assert.ok(isRoomTopic(topicOf('lobby')))
  assert.ok(isRoomTopic(topicOf('café-été')))
  for (const topic of [
    'lobby',
    'chat.',
    'chat.Lobby',
    'chat.a.b',
    'chat.*',
    'chat.**',
    '$chat.a',
  ]) {
    assert.ok(!isRoomTopic(topic), topic)
  }
})

test('a draft has an id and a text with something in it and an end, and nothing else', () => {
  assert.deepEqual(draftOf({ id: 'x', text: ' a ', from: 'me', at: 1 }), { id: 'x', text: ' a ' })
  const cases = [
    { id: 'x', text: '  \n ' },
    { id: 'x', text: 'x'.repeat(2001) },
    { id: '../x', text: 'a' },
    { id: 'x' },
    { text: 'a' },
    null,
    'a',
  ]
  for (const one of cases) assert.equal(draftOf(one), null, JSON.stringify(one))
})

test('an identity carries the name, spaces and all', () => {
  const id = identityOf({ hash: 'h'.repeat(16), name: 'Ada Love' })
  assert.deepEqual(personOf(id), { id, name: 'Ada Love' })
})
