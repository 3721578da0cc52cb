import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headers } from '@nats-io/transport-node'
import type { Msg, MsgHdrs } from '@nats-io/transport-node'
import {
  fromOf,
  headersOf,
  liveOf,
  logHeaders,
  messageOf,
  payloadOf,
  publicationOf,
  setPlain,
} from '../../../src/brokers/nats/nats-message.ts'

const bare = { key: null, idempotencyKey: null, isOnly: false }

test('text stays text and bytes stay bytes; the payload is the message, copied', () => {
  for (const message of ['', 'é 漢', Uint8Array.of(0, 255), new Uint8Array(0)]) {
    const payload = payloadOf(message)
    assert.notEqual(payload, message)
    assert.deepEqual(messageOf(payload, setPlain(headers(), message, 'p 1')), message)
  }
})

test('a publication without history says who published it; one of a stranger does not', () => {
  assert.deepEqual(fromOf(setPlain(headers(), 'x', 'me 7')), { process: 'me', number: 7 })
  assert.equal(fromOf(undefined), null)
  assert.equal(fromOf(headers()), null)
})

test('plain text goes into a history without headers', () => {
  assert.equal(logHeaders(headers, 'text', bare), undefined)
})

test('keys of any characters come back, and null stays null', () => {
  for (const key of [null, '', '=', ' k\r\n\u0000 ', 'ü%20', '\r\nNats-Rollup: all']) {
    const made = logHeaders(headers, 'x', { ...bare, key, isOnly: true })!
    const { key: back } = publicationOf(3, 5, payloadOf('x'), made)
    assert.equal(back, key)
    assert.equal(made.get('Nats-Rollup'), 'sub')
  }
})

test('an idempotency key becomes the id that JetStream goes by, whatever its characters', () => {
  const idOf = (idempotencyKey: string): string =>
    logHeaders(headers, 'x', { ...bare, idempotencyKey })!.get('Nats-Msg-Id')
  assert.equal(idOf('a b\n'), 'ka%20b%0A')
  assert.notEqual(idOf(''), '')
  assert.notEqual(idOf('a'), idOf('A'))
})

test('what a stream published again has its offset, its stream and the time', () => {
  const made = headers()
  made.set('Nats-Stream', 's-1')
  made.set('Nats-Sequence', '12')
  const bytes = Buffer.from('hello')
  const live = liveOf(messageWith(bytes, made))!
  assert.equal(live.stream, 's-1')
  const { timeMs, ...publication } = live.publication
  assert.deepEqual(publication, { offset: 12, previous: 11, message: 'hello', key: null })
  assert.ok(Math.abs(timeMs - Date.now()) < 5_000)
  made.set('Nats-Time-Stamp', '2026-11-23T00:00:00.123456789Z')
  const later = liveOf(messageWith(bytes, made))!
  assert.equal(later.publication.timeMs, Date.UTC(2026, 10, 23, 0, 0, 0, 123))
})

test('what a stranger publishes where streams publish again is no publication', () => {
  assert.equal(liveOf(messageWith(Buffer.from('x'), undefined)), null)
  for (const sequence of ['0', '-1', 'x']) {
    const made = headers()
    made.set('Nats-Stream', 's')
    made.set('Nats-Sequence', sequence)
    assert.equal(liveOf(messageWith(Buffer.from('x'), made)), null)
  }
})

test('headers of a stranger that are none, and keys that are none, harm nobody', () => {
  const broken = {
    data: Buffer.from('x'),
    get headers(): MsgHdrs {
      throw new Error('no headers')
    },
  }
  assert.equal(headersOf(broken as unknown as Msg), undefined)
  assert.equal(liveOf(broken as unknown as Msg), null)
  const made = headers()
  made.set('Holdline-Key', '%zz')
  assert.equal(publicationOf(1, 1, payloadOf('x'), made).key, '%zz')
  const { key } = publicationOf(
    1,
    1,
    payloadOf('x'),
    logHeaders(headers, 'x', { ...bare, key: 'a\ud800' }),
  )
  assert.equal(key, 'a\ufffd')
})

test('bytes of a history are a copy', () => {
  const data = Uint8Array.of(1, 2)
  const made = logHeaders(headers, data, bare)!
  const { message } = publicationOf(1, 1, data, made)
  data.fill(9)
  assert.deepEqual(message, Uint8Array.of(1, 2))
})

function messageWith(data: Uint8Array, made: MsgHdrs | undefined): Msg {
  return { data, headers: made } as Msg
}
