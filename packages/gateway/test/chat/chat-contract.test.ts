import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chatIn } from '../../src/chat/chat-contract.ts'

const key = 'k'.repeat(20)
const join = (room: unknown, name: unknown) =>
  chatIn.safeParse({ type: 'join', room, name, key, seat: 1 })
const problem = (result: ReturnType<typeof join>): string =>
  result.error?.issues.map(({ message }) => message).join() ?? 'none'

test('names and rooms are tidied: spaces, case, Unicode form', () => {
  const { data } = join('  Café-Été ', '  Ada \n  Love ')
  assert.deepEqual(data, { type: 'join', room: 'café-été', name: 'Ada Love', key, seat: 1 })
})

test('what is out of bounds is refused with a sentence for people', () => {
  assert.match(problem(join('lobby', '   ')), /Choose a name/)
  assert.match(problem(join('', 'Ada')), /Choose a room/)
  assert.match(problem(join('lobby', 'x'.repeat(33))), /at most 32/)
  assert.match(problem(join('x'.repeat(41), 'Ada')), /at most 40/)
  assert.match(problem(join('a/b', 'Ada')), /letters, digits/)
  assert.match(problem(join('-a', 'Ada')), /begins with/)
  assert.match(problem(join('lobby', 'Ada\u202Eevil')), /invisible/)
  assert.match(problem(join('lobby', 'A\u200Bda')), /invisible/)
  assert.match(problem(join('lobby', 7)), /as text/)
})

test('names of the world and emoji families are names', () => {
  for (const name of ['Søren', '李雷', 'عائشة', "O'Neil", '👩‍👩‍👧', 'J.']) {
    assert.equal(problem(join('lobby', name)), 'none', name)
  }
})

test('a message has something in it, and an end', () => {
  const say = (text: string) => chatIn.safeParse({ type: 'say', id: 'x', text })
  assert.ok(say(' a ').success)
  assert.ok(!say('  \n ').success)
  assert.ok(!say('x'.repeat(2001)).success)
  assert.ok(!chatIn.safeParse({ type: 'say', id: '../x', text: 'a' }).success)
})
