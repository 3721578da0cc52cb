// The chat behind the page: what a line may do in a room, whoever wrote the program that holds it.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { TestContext } from 'node:test'
import { serve } from 'holdline'
import { live } from 'holdline-client'
import { chatPresence, chatRoute, chatTopics } from '../../src/chat/chat-route.ts'
import { personOf, tokenOf } from '../../src/chat/chat-words.ts'
import { RoomLine } from './room-line.ts'

const server = await serve({
  port: 0,
  host: '127.0.0.1',
  logger: null,
  topics: chatTopics,
  presence: chatPresence,
  routes: { '/chat': chatRoute(() => 1_000) },
})
after(() => server.close())

function enter(context: TestContext, name: string, room: string): RoomLine {
  const visitor = new RoomLine(server.url, name, room)
  context.after(() => visitor.line.close())
  return visitor
}

test('what is said reaches the room, the writer included, and no other room', async (context) => {
  const ada = enter(context, 'Ada', 'one')
  const bo = enter(context, 'Bo', 'one')
  const cy = enter(context, 'Cy', 'two')
  await Promise.all([ada, bo, cy].map(({ subscription }) => subscription.ready))
  await ada.say('hello', 'id-1')
  await cy.say('elsewhere')
  for (const visitor of [ada, bo]) await visitor.until('hello', () => visitor.texts.length > 0)
  await cy.until('its own', () => cy.texts.length > 0)
  assert.deepEqual([ada.texts, bo.texts, cy.texts], [['hello'], ['hello'], ['elsewhere']])
  assert.deepEqual(bo.names, ['Ada', 'Bo'])
})

test('the gateway says who wrote it and when, whatever the page says', async (context) => {
  const mallory = enter(context, 'Mallory', 'forged')
  await mallory.subscription.ready
  await mallory.line.publish(mallory.topic, {
    id: 'x',
    text: 'hi',
    from: { id: 'someone else', name: 'Ada' },
    at: 9_999,
  })
  await mallory.until('it', () => mallory.said.length > 0)
  const [said] = mallory.said
  assert.equal(said?.from.name, 'Mallory')
  assert.equal(said?.at, 1_000)
  // The same as presence has: the members are the authors.
  assert.ok(mallory.subscription.members.has(said?.from.id ?? ''))
})

test('who joins is given what was said before', async (context) => {
  const ada = enter(context, 'Ada', 'early')
  for (const text of ['one', 'two', 'three']) await ada.say(text)
  const bo = enter(context, 'Bo', 'early')
  await bo.until('history', () => bo.texts.length === 3)
  assert.deepEqual(bo.texts, ['one', 'two', 'three'])
})

test('a message that is sent again is not said again, and nobody can silence another', async (context) => {
  const ada = enter(context, 'Ada', 'again')
  const bo = enter(context, 'Bo', 'again')
  await ada.say('once', 'same-id')
  await ada.say('once', 'same-id')
  await bo.say('mine', 'same-id')
  await bo.until('both', () => bo.texts.length >= 2)
  assert.deepEqual(bo.texts, ['once', 'mine'])
})

test('what is no message is refused, and the line goes on', async (context) => {
  const ada = enter(context, 'Ada', 'refused')
  const cases: unknown[] = [{ id: 'x', text: ' ' }, { id: '/', text: 'a' }, 'hi', null, 7]
  cases.push({ id: 'x', text: 'x'.repeat(2_001) }, new Uint8Array([1, 2]))
  for (const message of cases) {
    await assert.rejects(ada.line.publish(ada.topic, message as never), { code: 'ERR_LINE_FIELD' })
  }
  await ada.say('still here')
})

test('there are rooms, and nothing else', async (context) => {
  const ada = enter(context, 'Ada', 'inside')
  for (const topic of ['news', 'chat.Inside', 'chat.a.b', 'chat.']) {
    const subscription = ada.line.subscribe(topic as 'chat.a')
    await assert.rejects(subscription.ready, { code: 'ERR_TOPIC_FORBIDDEN' }, topic)
    const publishing = ada.line.publish(topic as 'chat.a', { id: 'x', text: 'a' })
    await assert.rejects(publishing, { code: 'ERR_TOPIC_FORBIDDEN' }, topic)
  }
})

test('who has no name that can be, or no key, is not let in', async () => {
  const tokens = [
    tokenOf('k'.repeat(20), ''),
    tokenOf('k'.repeat(20), 'A\u200Bda'),
    tokenOf('k'.repeat(20), ' Ada'),
    tokenOf('short', 'Ada'),
    'x',
  ]
  for (const token of tokens) {
    const line = live(`${server.url}/chat`, {
      token: () => token,
      reconnect: () => false,
      onError: () => {},
    })
    assert.equal((await line.closed).code, 4401, token)
  }
})

test('the same key is the same person, the same name is not', async (context) => {
  const [one, two] = [enter(context, 'Ada', 'twins'), enter(context, 'Ada', 'twins')]
  await one.until('both', () => one.names.length === 2)
  assert.deepEqual(one.names, ['Ada', 'Ada'])
  await two.say('hi')
  await one.until('it', () => one.said.length > 0)
  assert.equal(personOf(one.said[0]?.from.id ?? '').name, 'Ada')
})
