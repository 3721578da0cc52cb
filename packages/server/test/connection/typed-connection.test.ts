// A connection of a contract is the connection itself, but for what it sends.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import type { Connection } from '../../src/connection/connection.ts'
import { contract } from '../../src/connection/contract.ts'
import { TypedConnection } from '../../src/connection/typed-connection.ts'
import type { UpgradeRequest } from '../../src/connection/upgrade-request.ts'

const Chat = contract({ in: z.string(), out: z.object({ text: z.string().max(5) }) })

function recorded(): { raw: Connection<{ user: string }>; calls: unknown[][] } {
  const calls: unknown[][] = []
  const record =
    <R>(name: string, result: R) =>
    (...all: unknown[]): R => {
      calls.push([name, ...all])
      return result
    }
  const done = Promise.resolve({ topic: '', cursor: null, recovered: false, reason: null })
  const raw: Connection<{ user: string }> = {
    id: 7,
    data: { user: 'ann' },
    bufferedBytes: 42,
    request: { path: '/' } as UpgradeRequest,
    subprotocol: 'chat',
    send: record('send', 'queued'),
    ping: record('ping', 'sent'),
    close: record('close', undefined),
    terminate: record('terminate', undefined),
    pause: record('pause', undefined),
    resume: record('resume', undefined),
    cork: record('cork', undefined),
    subscribe: record('subscribe', done),
    unsubscribe: record('unsubscribe', undefined),
  }
  return { raw, calls }
}

test('send validates, writes JSON, and tells what became of it', () => {
  const { raw, calls } = recorded()
  const typed = new TypedConnection(raw, Chat)
  assert.equal(typed.send({ text: 'hello' }), 'queued')
  assert.deepEqual(calls, [['send', '{"text":"hello"}']])
})

test('a message that the contract does not let out is not sent', () => {
  const { raw, calls } = recorded()
  const typed = new TypedConnection(raw, Chat)
  assert.throws(() => typed.send({ text: 'longer' }), { code: 'ERR_MESSAGE_OUT_INVALID' })
  assert.deepEqual(calls, [])
})

test('everything else is the connection: what it knows, and its commands with their arguments', () => {
  const { raw, calls } = recorded()
  const typed = new TypedConnection(raw, Chat)
  assert.equal(typed.raw, raw)
  assert.equal(typed.id, 7)
  assert.equal(typed.data, raw.data)
  assert.equal(typed.request, raw.request)
  assert.equal(typed.subprotocol, 'chat')
  assert.equal(typed.bufferedBytes, 42)
  typed.data = { user: 'bob' }
  assert.deepEqual(raw.data, { user: 'bob' })
  typed.close(4000, 'why')
  typed.terminate()
  typed.pause()
  typed.resume()
  const since = { epoch: 'e', offset: 1 }
  assert.equal(typed.subscribe('t', { since }), raw.subscribe('t', { since }))
  calls.pop()
  typed.unsubscribe('t')
  assert.deepEqual(calls, [
    ['close', 4000, 'why'],
    ['terminate'],
    ['pause'],
    ['resume'],
    ['subscribe', 't', { since }],
    ['unsubscribe', 't'],
  ])
})
