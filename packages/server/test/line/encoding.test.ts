// The encodings, and how publications stand in them. That both say the same is in vectors.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode } from '@msgpack/msgpack'
import fc from 'fast-check'
import type { Anything } from './line-peer.ts'
import { jsonEncoding, messagePackEncoding } from '../../src/line/encoding.ts'

function publication(message: string | Uint8Array, offset = 0, key: string | null = null) {
  return { offset, previous: 0, message, key, timeMs: 0 }
}

const both = [
  (message: string, topic = 't', offset = 0, key: string | null = null): Anything =>
    JSON.parse(String(jsonEncoding.format.encode(topic, publication(message, offset, key)))),
  (message: string, topic = 't', offset = 0, key: string | null = null): Anything =>
    decode(
      messagePackEncoding.format.encode(topic, publication(message, offset, key)) as Uint8Array,
    ),
]

test('any value that is published arrives as it was, in both, with any topic and key', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), fc.string(), (value, topic, key) => {
      const text = JSON.stringify(value)
      if (text.includes('"__proto__":')) return
      const data: unknown = JSON.parse(text)
      for (const encoded of both) {
        const expected = { type: 'pub', topic, offset: 3, key, data }
        assert.deepEqual(encoded(text, topic, 3, key), JSON.parse(JSON.stringify(expected)))
      }
    }),
    { verbose: true },
  )
})

test('a text that is no JSON arrives as that text, and cannot end its envelope', () => {
  for (const text of ['', ' ', 'hello', '","type":"error","x":"', '1}', '{"a":1}}', '\u2028 "']) {
    for (const encoded of both)
      assert.deepEqual(encoded(text), { type: 'pub', topic: 't', data: text })
  }
})

test('a text deeper than MessagePack is encoded arrives as the text', () => {
  const deep = '['.repeat(500) + ']'.repeat(500)
  assert.deepEqual(both[1]!(deep).data, deep)
})

test('what is no value of an encoding is undefined, never a throw', () => {
  for (const message of ['', '{', 'nul', '\u0000', '[1,]', '['.repeat(1_000_000)]) {
    assert.equal(jsonEncoding.decode(message), undefined)
    assert.equal(messagePackEncoding.decode(message), undefined)
  }
  assert.equal(jsonEncoding.decode(Uint8Array.of(0x31)), undefined)
  for (const bytes of [
    [],
    [0xc1],
    [0x81, 0xa1],
    [0xa1, 0xff],
    [0x81, 0xa9, ...Buffer.from('__proto__'), 1],
  ]) {
    const decoded = messagePackEncoding.decode(Uint8Array.from(bytes))
    assert.equal(typeof decoded === 'object', false)
  }
})

test('bytes that were decoded are a copy', () => {
  const message = messagePackEncoding.encode({
    type: 'publish',
    data: Uint8Array.of(1, 2),
  }) as Uint8Array
  const decoded = messagePackEncoding.decode(message) as { data: Uint8Array }
  message.fill(0)
  assert.deepEqual([...decoded.data], [1, 2])
})

test('a gap names what follows, or that nobody knows', () => {
  const from = { epoch: 'e', offset: 1 }
  const gap = {
    topic: 't',
    from,
    to: { epoch: 'e', offset: 4 },
    count: 3,
    reason: 'overflow' as const,
  }
  const told = { type: 'gap', topic: 't', from: 1, to: 4, epoch: 'e', count: 3, reason: 'overflow' }
  assert.deepEqual(JSON.parse(String(jsonEncoding.format.gap(gap))), told)
  assert.deepEqual(decode(messagePackEncoding.format.gap(gap) as Uint8Array), told)
  const blind = { topic: 't', from: null, to: null, count: null, reason: 'broker' as const }
  const toldBlind = {
    type: 'gap',
    topic: 't',
    from: null,
    to: null,
    epoch: null,
    count: null,
    reason: 'broker',
  }
  assert.deepEqual(JSON.parse(String(jsonEncoding.format.gap(blind))), toldBlind)
})
