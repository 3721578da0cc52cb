// The dialogue of a connection: what is answered at once, and what it costs.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Exchange } from '../../../src/models/servlet/exchange.ts'
import { RequestError } from '../../../src/models/servlet/request-error.ts'
import type { Connection } from '../../../src/connection/connection.ts'
import { wireFrame } from '../../../src/testing/wire-frame.ts'
import { codesOf, stood } from './servlet-stand.ts'

type Given = Exchange<Connection, undefined>

test('nothing is kept of a connection before its first message', () => {
  const { connection, line } = stood((m) => m)
  assert.equal(connection.model, null)
  line.connection.transportClosed()
  assert.equal(connection.model, null)
})

test('what is answered at once is answered at once, in one turn with its request', () => {
  const { line } = stood((m) => m)
  line.text('a', 'b', 'c')
  assert.equal(line.transport.writes.length, 1)
  assert.deepEqual(line.shown(), ['1 a', '1 b', '1 c'])
})

test('handlers that return at once share one exchange; who asks for its signal keeps it', () => {
  const given: Given[] = []
  const { line } = stood((m, exchange) => {
    given.push(exchange)
    if (m === 'signal') void exchange.signal
  })
  line.text('a', 'b', 'signal', 'c', 'd')
  assert.deepEqual(
    given.map((exchange) => given.indexOf(exchange)),
    [0, 0, 0, 3, 3],
  )
})

test('handlers one after the other that go on share one exchange as well, unless its signal was asked for', async () => {
  const given: Given[] = []
  const { line, settle } = stood(async (m, exchange) => {
    given.push(exchange)
    if (m === 'signal') void exchange.signal
  })
  line.text('a', 'b', 'signal', 'c')
  await settle()
  assert.deepEqual(
    given.map((exchange) => given.indexOf(exchange)),
    [0, 0, 0, 3],
  )
})

test('bytes are borrowed by a handler that returns at once, until one goes on', async () => {
  const seen: Uint8Array[] = []
  let goesOn = false
  const { line, settle } = stood((m) => {
    seen.push(m as Uint8Array)
    return goesOn ? Promise.resolve() : undefined
  })
  const bytes = wireFrame(2, Uint8Array.of(1, 2))
  line.receive(bytes)
  goesOn = true
  line.receive(bytes)
  await settle()
  line.receive(bytes)
  await settle()
  assert.deepEqual(Buffer.from(seen[2]!), Buffer.of(1, 2))
  assert.notDeepEqual(Buffer.from(seen[0]!), Buffer.of(1, 2))
})

test('a reply that cannot be sent fails its request, and its reason goes to the operator only', () => {
  const { line, stand } = stood((m) => (m === 'wrong' ? 5 : m))
  line.text('a', 'wrong', 'b')
  assert.deepEqual(codesOf(line.shown()), ['a', 'ERR_REQUEST_FAILED', 'b'])
  assert.deepEqual(
    stand.reports.map(([code, error]) => [code, (error as { code: string }).code]),
    [['ERR_REQUEST_FAILED', 'ERR_REPLY_INVALID']],
  )
})

test('an error whose data is no JSON is a failure like any other', () => {
  const { line, stand } = stood(() => {
    throw new RequestError('A', 'b', 5n)
  })
  line.text('a')
  assert.deepEqual(codesOf(line.shown()), ['ERR_REQUEST_FAILED'])
  assert.ok(stand.reports[0]![1] instanceof TypeError)
})

for (const [how, big] of [
  ['at once', () => 'x'.repeat(2_000)],
  ['later', () => Promise.resolve('x'.repeat(2_000))],
] as const) {
  test(`a reply that waits for room keeps the next request waiting: returned ${how}`, async () => {
    let calls = 0
    const { line, settle } = stood(
      (m) => {
        calls++
        if (m === 'later') return Promise.resolve()
        return m === 'big' ? big() : 'small'
      },
      {},
      { limits: { highWaterBytes: 1_000, lowWaterBytes: 100 } },
    )
    line.text('later')
    await settle()
    line.transport.writesTaken = 0
    line.text('big', 'small', 'small')
    await settle()
    assert.equal(calls, 2)
    line.transport.writesTaken = Infinity
    line.transport.takeUnderWay()
    await settle()
    assert.equal(calls, 4)
    assert.deepEqual(line.shown().slice(1), ['1 small', '1 small'])
  })
}

test('an iterator that fails before its first reply fails the request', async () => {
  const error = new Error('meant')
  const { line, stand, settle } = stood((m) => {
    if (m === 'b') return m
    return {
      [Symbol.asyncIterator]() {
        throw error
      },
    }
  })
  line.text('a', 'b')
  await settle()
  assert.deepEqual(codesOf(line.shown()), ['ERR_REQUEST_FAILED', 'b'])
  assert.deepEqual(stand.reports, [['ERR_REQUEST_FAILED', error]])
})
