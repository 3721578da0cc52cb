import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Asks } from '../src/asks.ts'
import { jsonEnvelopes } from '../src/envelope.ts'

interface Setup {
  readonly asks: Asks
  readonly sent: number[]
  readonly socket: WebSocket
  readonly settled: unknown[]
  add(lasts: boolean, answerType?: string): number
  nowMs: number
}

function setUp(maxBytes = 10_000): Setup {
  const sent: number[] = []
  const settled: unknown[] = []
  const send = (data: string): number => sent.push((JSON.parse(data) as { id: number }).id)
  const setup: Setup = {
    asks: new Asks(jsonEnvelopes, maxBytes, () => setup.nowMs),
    sent,
    settled,
    socket: { send } as unknown as WebSocket,
    nowMs: 0,
    add: (lasts, answerType = 'done') =>
      setup.asks.add({ type: 'x' }, answerType, lasts, (error, answer) =>
        settled.push(error ? (error as { code: string }).code : answer.type),
      ),
  }
  return setup
}

test('what lasts is sent again on the next line, in order, until it is answered; what does not is gone', () => {
  const { asks, add, sent, socket, settled } = setUp()
  const [first, once, second] = [add(true), add(false), add(true)]
  asks.sendAll(socket, Infinity)
  asks.sendAll(socket, Infinity)
  assert.deepEqual(sent, [first, once, second])
  assert.ok(asks.answer({ type: 'done', id: first }))
  asks.lost()
  asks.sendAll(socket, Infinity)
  assert.deepEqual(sent, [first, once, second, second])
  assert.ok(!asks.answer({ type: 'done', id: once }))
  assert.deepEqual(settled, ['done'])
})

test('an answer answers only what was asked on this line, once, and in its own words', () => {
  const { asks, add, socket, settled } = setUp()
  const id = add(true)
  assert.ok(!asks.answer({ type: 'done', id }), 'not sent yet')
  asks.send(id, socket, Infinity)
  assert.ok(!asks.answer({ type: 'published', id }))
  assert.ok(!asks.answer({ type: 'done', id: 99 }))
  assert.ok(!asks.answer({ type: 'done', id: '1' }))
  assert.ok(!asks.answer({ type: 'done' }))
  assert.ok(asks.answer({ type: 'error', id, code: 'ERR_TOPIC_UNKNOWN' }))
  assert.ok(!asks.answer({ type: 'done', id }))
  assert.deepEqual(settled, ['ERR_TOPIC_UNKNOWN'])
})

test('what lasts is bounded in bytes, and answers make room', () => {
  const { asks, add, socket } = setUp(50)
  const id = add(true)
  assert.throws(() => add(true), { code: 'ERR_BUFFER_FULL' })
  add(false)
  asks.send(id, socket, Infinity)
  asks.answer({ type: 'done', id })
  asks.lost()
  add(true)
})

test('what waits too long is given up if it lasts, and told of if not', () => {
  const setup = setUp()
  const { asks, add, socket, settled } = setup
  add(true)
  add(false)
  setup.nowMs = 100
  assert.ok(!asks.expire(10), 'what was not sent waits for a line, not for an answer')
  asks.sendAll(socket, Infinity)
  setup.nowMs = 109
  assert.ok(!asks.expire(10))
  setup.nowMs = 110
  assert.ok(asks.expire(10))
  assert.deepEqual(settled, ['ERR_UNANSWERED'])
})

test('what is larger than the server takes is refused, counted in bytes of UTF-8', () => {
  const { asks, socket, settled, sent } = setUp()
  const ask = (data: unknown): number =>
    asks.add({ type: 'publish', data }, 'published', true, (error) => settled.push(error?.message))
  asks.send(ask('ä'.repeat(40)), socket, 80)
  assert.match(String(settled[0]), /size/)
  asks.send(ask('a'.repeat(40)), socket, 80)
  assert.equal(sent.length, 1)
})

test('the end settles all', () => {
  const { asks, add, settled } = setUp()
  add(true)
  add(false)
  assert.equal(asks.end(), 2)
  assert.deepEqual(settled, ['ERR_LINE_CLOSED', 'ERR_LINE_CLOSED'])
})
