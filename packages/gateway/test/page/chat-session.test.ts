import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Environment } from 'holdline-client'
import { ChatSession } from '../../src/page/chat-session.ts'

interface Envelope {
  readonly type: string
  readonly id: number
  readonly topic?: string
  readonly token?: string
  readonly since?: unknown
  readonly state?: unknown
  readonly data?: { readonly id: string; readonly text: string }
  readonly idempotencyKey?: string
}

const bo = { member: 'hash-of-bo Bo', identity: 'hash-of-bo Bo', state: {} }
const ada = 'hash-of-ada Ada'
const topic = 'chat.lobby'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A session whose server is the test. */
function setUp() {
  const refusals: string[] = []
  const sent: Envelope[] = []
  let socket: WebSocket
  let nowMs = 1000
  const session = new ChatSession({
    url: 'ws://test/chat',
    visit: { name: ' Ada ', room: 'Lobby' },
    onChange: () => {},
    onRefused: (message) => refusals.push(message),
    now: () => nowMs,
    environment: {
      random: () => 0,
      now: () => nowMs,
      setTimeout: () => 0,
      clearTimeout: () => {},
      watchNetwork: () => () => {},
      WebSocket: class {
        constructor() {
          socket = this as unknown as WebSocket
          Object.assign(this, {
            readyState: 0,
            send: (data: string) => sent.push(JSON.parse(data) as Envelope),
            close: () => {},
          })
        }
      } as unknown as Environment['WebSocket'],
    },
  })
  const receive = (message: unknown): void =>
    void socket.onmessage?.({ data: JSON.stringify(message) } as MessageEvent)
  const last = (type: string): Envelope => {
    const found = sent.findLast((one) => one.type === type)
    assert.ok(found, `${type} was not sent`)
    return found
  }
  const answer = async (to: string, message: Record<string, unknown>): Promise<void> => {
    receive({ id: last(to).id, topic, ...message })
    await turn()
  }
  const line = {
    session,
    sent,
    refusals,
    receive,
    last,
    answer,
    /** The line opens, and the server asks for nothing else. */
    async open(): Promise<void> {
      Object.assign(socket, { readyState: 1 })
      socket.onopen?.({} as Event)
      await turn()
      await answer('hello', { type: 'welcome', maxMessageBytes: 16_384 })
    },
    /** Subscribed, with those who are here; then it is told of itself, as a server does. */
    async join(members: unknown[] = [], resumed: Record<string, unknown> = {}): Promise<void> {
      const cursor = { epoch: 'e', offset: 0 }
      await answer('subscribe', {
        type: 'subscribed',
        cursor,
        recovered: true,
        members,
        ...resumed,
      })
      const you = { member: ada, identity: ada, state: last('subscribe').state }
      receive({ type: 'presence', topic, joined: [you], left: [], changed: [] })
    },
    said(id: string, offset: number, member: string = bo.member): void {
      const from = { id: member, name: member.split(' ')[1] }
      receive({ type: 'pub', topic, offset, data: { id, text: id, from, at: offset } })
    },
    presence: (joined: unknown[], left: unknown[] = []) =>
      receive({ type: 'presence', topic, joined, left, changed: [] }),
    lose: (): void => void socket.onclose?.({ code: 1006, reason: '' } as CloseEvent),
    pass: (ms: number) => (nowMs += ms),
    notices: (): string[] =>
      session.transcript
        .turns(() => 'today')
        .flatMap((one) => (one.kind === 'notice' ? [one.notice] : [])),
    texts: (): string[] =>
      session.transcript
        .turns(() => 'today')
        .flatMap((one) => (one.kind === 'turn' ? one.messages.map(({ text }) => text) : [])),
  }
  return line
}

test('it asks for the room with all that is kept, as the same person on each line', async () => {
  const { session, last, open, join, lose } = setUp()
  await open()
  const first = { token: last('hello').token ?? '', asked: last('subscribe') }
  assert.match(first.token, /^[\w-]{32} Ada$/)
  assert.deepEqual([first.asked.topic, first.asked.since], [topic, 'start'])
  assert.equal(session.welcomed, false)
  await join()
  assert.deepEqual([session.welcomed, session.you], [true, { id: ada, name: 'Ada' }])
  lose()
  assert.deepEqual([session.state, session.welcomed], ['reconnecting', false])
  session.retry()
  await open()
  assert.equal(last('hello').token, first.token)
  assert.deepEqual(last('subscribe').since, { epoch: 'e', offset: 0 })
})

test('what is written waits until it is confirmed, over as many lines as it takes', async () => {
  const { session, sent, last, answer, open, join, lose, said, texts } = setUp()
  await open()
  assert.equal(session.say('too early'), false)
  await join()
  assert.equal(session.say('one'), true)
  const { data, idempotencyKey } = last('publish')
  assert.equal(data?.id, idempotencyKey)
  lose()
  session.say('two')
  session.retry()
  const before = sent.length
  await open()
  await join()
  const again = sent.slice(before).filter(({ type }) => type === 'publish')
  assert.deepEqual(
    again.map((one) => one.data?.text),
    ['one', 'two'],
  )
  assert.equal(again[0]?.idempotencyKey, idempotencyKey)
  await answer('publish', { type: 'published', cursor: { epoch: 'e', offset: 2 } })
  assert.deepEqual(
    session.transcript.pending.map(({ text }) => text),
    ['one'],
  )
  // What was taken on the line that broke comes back without an answer.
  said(data?.id ?? '', 1, ada)
  assert.equal(session.transcript.pending.length, 0)
  assert.equal(texts().length, 2)
})

test('what is refused for good is taken back and told; what will pass is sent again', async () => {
  const { session, sent, answer, refusals, open, join, texts } = setUp()
  await open()
  await join()
  session.say('no')
  await answer('publish', { type: 'error', code: 'ERR_LINE_FIELD', message: 'Not this' })
  assert.deepEqual(refusals, ['Not this (ERR_LINE_FIELD)'])
  assert.deepEqual(texts(), [])
  session.say('later')
  await answer('publish', { type: 'error', code: 'ERR_BROKER_AWAY', message: '', retryAfterMs: 1 })
  while (sent.filter((one) => one.data?.text === 'later').length < 2) await turn()
  assert.equal(session.transcript.pending.length, 1)
})

test('no more than twenty messages wait', async () => {
  const { session, open, join, lose } = setUp()
  await open()
  await join()
  lose()
  for (let count = 0; count < 20; count += 1) assert.equal(session.say('x'), true)
  assert.equal(session.say('x'), false)
})

test('a line that is back tells how much was missed: not what is new, and not one’s own', async () => {
  const { session, answer, open, join, lose, said, notices, texts } = setUp()
  await open()
  await join([bo])
  said('a', 1)
  lose()
  session.retry()
  await open()
  await join([bo], { cursor: { epoch: 'e', offset: 1 } })
  said('b', 2)
  said('c', 3)
  said('mine', 4, ada)
  assert.deepEqual(notices(), [])
  await answer('history', { type: 'history', publications: [], head: { epoch: 'e', offset: 5 } })
  said('d', 5)
  said('new', 6)
  assert.deepEqual(notices(), ['The line is back: 3 messages caught up'])
  assert.deepEqual(texts(), ['a', 'b', 'c', 'mine', 'd', 'new'])
  lose()
  session.retry()
  await open()
  await join([bo], { cursor: { epoch: 'e', offset: 6 } })
  await answer('history', { type: 'history', publications: [], head: { epoch: 'e', offset: 6 } })
  assert.equal(notices().at(-1), 'The line is back: nothing was missed')
})

test('a gap is told, and what the room still has is read; nothing is shown twice', async () => {
  const { session, answer, open, join, lose, said, notices, texts } = setUp()
  await open()
  await join([bo])
  said('a', 1)
  lose()
  session.retry()
  await open()
  const cursor = { epoch: 'other', offset: 2 }
  await join([bo], { cursor, recovered: false, reason: 'epoch' })
  assert.deepEqual(notices(), ['The server began anew: some messages may be missing here'])
  const from = { id: bo.member, name: 'Bo' }
  const kept = ['a', 'b'].map((id, index) => ({
    offset: index + 1,
    data: { id, text: id, from, at: index + 1 },
  }))
  await answer('history', { type: 'history', publications: kept, cursor, head: cursor })
  said('c', 3)
  assert.deepEqual(texts(), ['a', 'b', 'c'])
  // The words stand where the gap is.
  const kinds = session.transcript.turns(() => 'today').map(({ kind }) => kind)
  assert.deepEqual(kinds, ['turn', 'notice', 'turn'])
})

test('comings and goings are told once; a reconnect of everyone is not a coming', async () => {
  const { session, open, join, lose, presence, notices, pass } = setUp()
  await open()
  await join()
  presence([bo])
  assert.deepEqual(notices(), ['Bo joined'])
  lose()
  session.retry()
  await open()
  await join()
  presence([bo])
  assert.deepEqual(notices(), ['Bo joined'])
  pass(31_000)
  presence([], [bo])
  presence([bo])
  assert.deepEqual(notices(), ['Bo joined', 'Bo left', 'Bo joined'])
})

test('who has the name of someone who was here first is shown with a number', async () => {
  const { session, open, join, said, presence } = setUp()
  await open()
  await join([{ member: 'hash-of-other ada', state: {} }])
  assert.equal(session.you?.name, 'Ada 2')
  presence([{ member: 'hash-of-third ADA', state: {} }])
  said('x', 1, 'hash-of-third ADA')
  const [turnOfThird] = session.transcript
    .turns(() => 'today')
    .filter(({ kind }) => kind === 'turn')
  assert.equal(turnOfThird?.kind === 'turn' && turnOfThird.from.name, 'ADA 3')
})

test('a room that cannot be entered is told', async () => {
  const { answer, refusals, open } = setUp()
  await open()
  await answer('subscribe', { type: 'error', code: 'ERR_TOPIC_FORBIDDEN', message: 'Not here' })
  assert.match(refusals.join(), /too many rooms/)
})
