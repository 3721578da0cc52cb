import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, encode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { msgpack } from 'holdline-client/msgpack'

test('bytes stay bytes, and what is not set is not there', () => {
  const data = msgpack.encode({ type: 'publish', data: Uint8Array.of(1, 2), key: undefined })
  assert.deepEqual(decode(data as Uint8Array), { type: 'publish', data: Uint8Array.of(1, 2) })
  const bytes = encode({ type: 'pub', data: Uint8Array.of(3) })
  assert.deepEqual(msgpack.decode(new Uint8Array(bytes).buffer), {
    type: 'pub',
    data: Uint8Array.of(3),
  })
})

test('text and garbage throw, and nothing else happens', () => {
  assert.throws(() => msgpack.decode('{}'), TypeError)
  const whole = new Uint8Array(encode({ type: 'pub', topic: 'news', offset: 3, data: [1, 'x'] }))
  fc.assert(
    fc.property(fc.nat(whole.length - 2), (length) => {
      assert.throws(() => msgpack.decode(whole.slice(0, length).buffer))
    }),
  )
  const proto = [0x81, 0xa9, ...new TextEncoder().encode('__proto__'), 1]
  assert.throws(() => msgpack.decode(Uint8Array.from(proto).buffer))
})
