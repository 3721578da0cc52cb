import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  cursorOf,
  isEnvelope,
  jsonEnvelopes,
  membersOf,
  messageOf,
  objectsOf,
} from '../src/envelope.ts'

test('bytes go there and back in JSON', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = jsonEnvelopes.encode({ type: 'publish', data: bytes }) as string
      const envelope = jsonEnvelopes.decode(text) as Record<string, unknown>
      assert.equal(envelope['data'], undefined)
      assert.deepEqual(messageOf(envelope, undefined, null).data, new Uint8Array(bytes))
    }),
  )
})

test('a binary message and a text that is no JSON throw', () => {
  assert.throws(() => jsonEnvelopes.decode(new ArrayBuffer(2)), SyntaxError)
  assert.throws(() => jsonEnvelopes.decode('{'), SyntaxError)
})

test('whatever a server puts into a field, nothing throws and nothing of a wrong type comes out', () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true }), (value) => {
      const cursor = cursorOf(value)
      if (cursor) assert.ok(typeof cursor.epoch === 'string' && cursor.offset >= 0)
      for (const { member } of membersOf(value)) assert.equal(typeof member, 'string')
      for (const one of objectsOf(value)) assert.equal(typeof one, 'object')
      if (isEnvelope(value)) assert.equal(typeof value.type, 'string')
    }),
    { numRuns: 1000 },
  )
  assert.equal(cursorOf({ epoch: 'e', offset: -1 }), null)
  assert.equal(cursorOf({ epoch: 'e', offset: 1.5 }), null)
  assert.equal(cursorOf({ epoch: 'e', offset: 2 ** 53 }), null)
})
