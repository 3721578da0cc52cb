import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Asks } from '../src/asks.ts'
import { jsonEnvelopes } from '../src/envelope.ts'

interface Setup {
  readonly asks: Asks
  readonly sent: number[]
  readonly socket: WebSocket
  readonly settled: unknown[]
  /** Answers the id. */
  add(lasts: boolean): number
  begin(socket?: WebSocket): void
  nowMs: number
}

function setUp(maxBytes = 10_000): Setup {
  const sent: number[] = []
  const settled: unknown[] = []
  let lastId = 0
  const send = (data: string): number => sent.push((JSON.parse(data) as { id: number }).id)
  const setup: Setup = {
    asks: new Asks(
      jsonEnvelopes,
      { bufferBytes: maxBytes, answerTimeoutMs: 10 },
      () => setup.nowMs,
    ),
    sent,
    settled,
    socket: { send } as unknown as WebSocket,
    nowMs: 0,
    add(lasts) {
      setup.asks.ask(
        { type: 'x' },
        'done',
        lasts,
        ({ type }) => settled.push(type),
        ({ code }) => settled.push(code),
      )
      return (lastId += 1)
    },
    begin(socket = setup.socket) {
      setup.asks.socket = socket
      setup.asks.begin()
    },
  }
  return setup
}

test('what lasts is sent again on the next line, in order, until it is answered; what does not is gone', () => {
  const { asks, add, begin, sent, socket, settled } = setUp()
  const first = add(true)
  asks.socket = socket
  assert.equal(sent.length, 0, 'there is no welcome yet')
  const once = add(false)
  const second = add(true)
  begin()
  begin()
  assert.deepEqual(sent, [once, first, second])
  assert.ok(asks.answer({ type: 'done', id: first }))
  asks.lost()
  begin({ ...socket })
  assert.deepEqual(sent, [once, first, second, second])
  assert.ok(!asks.answer({ type: 'done', id: once }))
  assert.deepEqual(settled, ['done'])
})

test('an answer answers only what was asked on this line, once, and in its own words', () => {
  const { asks, add, begin, settled } = setUp()
  const id = add(true)
  assert.ok(!asks.answer({ type: 'done', id }), 'not sent yet')
  begin()
  assert.ok(!asks.answer({ type: 'published', id }))
  assert.ok(!asks.answer({ type: 'done', id: 99 }))
  assert.ok(!asks.answer({ type: 'done', id: '1' }))
  assert.ok(!asks.answer({ type: 'done' }))
  asks.lost()
  assert.ok(!asks.answer({ type: 'done', id }), 'sent on another line')
  begin()
  assert.ok(asks.answer({ type: 'error', id, code: 'ERR_TOPIC_UNKNOWN' }))
  assert.ok(!asks.answer({ type: 'done', id }))
  assert.deepEqual(settled, ['ERR_TOPIC_UNKNOWN'])
})

test('what lasts is bounded in bytes, and answers make room', () => {
  const { asks, add, begin } = setUp(50)
  const id = add(true)
  assert.throws(() => add(true), { code: 'ERR_BUFFER_FULL' })
  add(false)
  begin()
  asks.answer({ type: 'done', id })
  asks.lost()
  add(true)
})

test('what waits too long is given up if it lasts, and told of if not', () => {
  const setup = setUp()
  const { asks, add, begin, settled } = setup
  add(true)
  setup.nowMs = 100
  assert.ok(!asks.expire(), 'what was not sent waits for a line, not for an answer')
  begin()
  add(false)
  setup.nowMs = 109
  assert.ok(!asks.expire())
  setup.nowMs = 110
  assert.ok(asks.expire())
  assert.deepEqual(settled, ['ERR_UNANSWERED'])
})

test('what is larger than the server takes is refused, counted in bytes of UTF-8', () => {
  const { asks, begin, settled, sent } = setUp()
  asks.maxMessageBytes = 80
  begin()
  for (const letter of 'äa') {
    asks.ask(
      { type: 'publish', data: letter.repeat(40) },
      'published',
      true,
      () => assert.fail(),
      ({ message }) => settled.push(message),
    )
  }
  assert.deepEqual(settled, ['ERR_MESSAGE_TOO_LARGE'])
  assert.equal(sent.length, 1)
})

test('the end settles all', () => {
  const { asks, add, settled } = setUp()
  add(true)
  add(false)
  assert.equal(asks.end(), 2)
  assert.deepEqual(settled, ['ERR_LINE_CLOSED', 'ERR_LINE_CLOSED'])
})
