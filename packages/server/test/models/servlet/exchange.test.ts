// What a handler is given beside the request: lazily, and for one request as far as anybody can tell.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OpenExchange } from '../../../src/models/servlet/exchange.ts'
import { Stand } from '../../connection/stand.ts'

function exchange(): OpenExchange<string, unknown> {
  return new OpenExchange(new Stand().open().connection, 'seen as this')
}

test("it has the connection as it is seen, the upgrade's request, and the data, which can be set", () => {
  const { connection } = new Stand().open()
  const open = new OpenExchange(connection, 'seen as this')
  assert.equal(open.connection, 'seen as this')
  assert.equal(open.request, connection.request)
  open.data = { user: 'ann' }
  assert.deepEqual(connection.data, { user: 'ann' })
  assert.equal(open.data, connection.data)
})

test('the signal is built when it is asked for, and is then no other request’s', () => {
  const open = exchange()
  assert.ok(open.isUnused)
  const { signal } = open
  assert.equal(open.signal, signal)
  assert.ok(!signal.aborted)
  assert.ok(!open.isUnused)
})

test('it is aborted with the first reason, also where it is asked for later', () => {
  for (const isAskedFirst of [true, false]) {
    const open = exchange()
    if (isAskedFirst) assert.ok(!open.signal.aborted)
    open.abort('first')
    open.abort('second')
    assert.ok(open.signal.aborted)
    assert.equal(open.signal.reason, 'first')
    assert.ok(!open.isUnused)
  }
})

test('an error is its own end when it is the reason, or an AbortError after the abort', () => {
  const open = exchange()
  const reason = new Error('reason')
  const abortError = new DOMException('aborted', 'AbortError')
  assert.ok(!open.isOwnEnd(abortError) && !open.isOwnEnd(undefined))
  open.abort(reason)
  assert.ok(open.isOwnEnd(reason) && open.isOwnEnd(abortError))
  assert.ok(!open.isOwnEnd(new Error('another')) && !open.isOwnEnd(undefined))
})
