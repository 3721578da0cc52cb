import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Environment } from 'holdline-client'
import { ChatSession } from '../../src/page/chat-session.ts'

type Sent = { type: string; id: string; text: string; seat: number; key: string; name: string }

/** A session whose server is the test. */
function setUp() {
  const refusals: string[] = []
  let socket: WebSocket
  const sent: Sent[] = []
  let nowMs = 1000
  const session = new ChatSession({
    url: 'ws://test/chat',
    visit: { name: 'Ada', room: 'lobby' },
    onChange: () => {},
    onRefused: (message) => refusals.push(message),
    now: () => nowMs,
    environment: {
      random: () => 0,
      setTimeout: () => 0,
      clearTimeout: () => {},
      watchNetwork: () => () => {},
      WebSocket: class {
        constructor() {
          socket = this as unknown as WebSocket
          Object.assign(this, {
            readyState: 0,
            bufferedAmount: 0,
            send: (data: string) => sent.push(JSON.parse(data) as Sent),
            close: () => {},
          })
        }
      } as unknown as Environment['WebSocket'],
    },
  })
  const receive = (message: unknown): void =>
    void socket.onmessage?.({ data: JSON.stringify(message) } as MessageEvent)
  const open = (): void => {
    Object.assign(socket, { readyState: 1 })
    socket.onopen?.({} as Event)
  }
  const welcome = (people: unknown[] = [], recent: unknown[] = []): void => {
    const you = { id: 'a', name: 'Ada', seat: sent.findLast(({ type }) => type === 'join')?.seat }
    receive({ type: 'welcome', room: 'lobby', you, people: [you, ...people], recent })
  }
  return {
    session,
    sent,
    refusals,
    receive,
    open,
    welcome,
    lose: (): void => void socket.onclose?.({ code: 1006, reason: '' } as CloseEvent),
    pass: (ms: number) => (nowMs += ms),
    notices: () =>
      session.transcript
        .turns(() => 'today')
        .flatMap((turn) => (turn.kind === 'notice' ? [turn.notice] : [])),
  }
}

const bo = { id: 'b', name: 'Bo', seat: 1 }

test('it joins each time the line opens, as the same person on a higher seat', () => {
  const { session, sent, open, welcome, lose } = setUp()
  open()
  welcome()
  lose()
  assert.equal(session.state, 'reconnecting')
  session.retry()
  open()
  assert.deepEqual(
    sent.map(({ type, seat }) => [type, seat]),
    [
      ['join', 1],
      ['join', 2],
    ],
  )
  assert.equal(sent[0]?.key, sent[1]?.key)
})

test('nothing is said before the welcome; what was written while the line was lost is said after it', () => {
  const { session, sent, open, welcome, lose, receive } = setUp()
  assert.equal(session.say('too early'), false)
  open()
  welcome()
  assert.equal(session.say('one'), true)
  const one = sent.at(-1) as Sent
  receive({ type: 'said', id: one.id, from: { id: 'a', name: 'Ada' }, text: 'one', at: 1 })
  session.say('two')
  lose()
  session.say('three')
  session.retry()
  const before = sent.length
  open()
  welcome()
  assert.deepEqual(
    sent.slice(before).map(({ type, text }) => text ?? type),
    ['join', 'two', 'three'],
  )
})

test('what the server has already is not said again', () => {
  const { session, sent, open, welcome, lose } = setUp()
  open()
  welcome()
  session.say('heard')
  const { id } = sent.at(-1) as Sent
  lose()
  session.retry()
  open()
  const before = sent.length
  welcome([], [{ type: 'said', id, from: { id: 'a', name: 'Ada' }, text: 'heard', at: 5 }])
  assert.equal(sent.length, before)
  assert.equal(session.transcript.pending.length, 0)
})

test('no more than twenty messages wait', () => {
  const { session, open, welcome, lose } = setUp()
  open()
  welcome()
  lose()
  for (let count = 0; count < 20; count += 1) assert.equal(session.say('x'), true)
  assert.equal(session.say('x'), false)
})

test('comings and goings are told once; a reconnect of everyone is not a coming', () => {
  const { session, open, welcome, lose, receive, notices } = setUp()
  open()
  welcome()
  receive({ type: 'joined', person: bo, by: 0 })
  receive({ type: 'joined', person: bo, by: 0 })
  assert.deepEqual(notices(), ['Bo joined'])
  lose()
  session.retry()
  open()
  welcome()
  receive({ type: 'joined', person: { ...bo, seat: 2 }, by: 0 })
  assert.deepEqual(notices(), ['Bo joined'])
  receive({ type: 'left', id: 'b', seat: 2, by: 0 })
  assert.deepEqual(notices(), ['Bo joined', 'Bo left'])
  receive({ type: 'renamed', person: { id: 'a', name: 'Ada 2', seat: 2 }, by: 0 })
  assert.equal(session.you?.name, 'Ada 2')
  assert.equal(notices().at(-1), 'Ada is now Ada 2')
})

test('a word that overtakes the welcome still holds', () => {
  const { session, open, welcome, receive } = setUp()
  open()
  receive({ type: 'left', id: 'b', seat: 1, by: 0 })
  welcome([bo])
  assert.deepEqual(
    session.roster.people.map(({ name }) => name),
    ['Ada'],
  )
})

test('refusals are handed on as sentences', () => {
  const { refusals, receive, open } = setUp()
  open()
  receive({ type: 'refused', message: 'Not now' })
  receive({
    error: { code: 'ERR_MESSAGE_INVALID', message: 'x', issues: [{ message: 'Choose a name' }] },
  })
  receive({ error: { code: 'ERR_MESSAGE_INVALID', message: 'Something else' } })
  assert.deepEqual(refusals, ['Not now', 'Choose a name', 'Something else'])
})
