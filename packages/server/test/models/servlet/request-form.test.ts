// Requests and replies on the wire, in both forms, with and without a contract.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import fc from 'fast-check'
import { z } from 'zod'
import { contract } from '../../../src/connection/contract.ts'
import {
  Envelope,
  envelopeForm,
  plainForm,
  Refusal,
} from '../../../src/models/servlet/request-form.ts'

const Sum = contract({ in: z.object({ n: z.number() }), out: z.object({ sum: z.number() }) })
const throws: StandardSchemaV1 = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: () => {
      throw new Error('schema')
    },
  },
}
const broken = contract({ in: throws, out: throws })

function refused(read: unknown): { id?: unknown; error: { code: string } } {
  assert.ok(read instanceof Refusal)
  return JSON.parse(read.answer) as { id?: unknown; error: { code: string } }
}

test('plain: messages are requests as they are, and replies are text or bytes', () => {
  const form = plainForm(null)
  const bytes = Uint8Array.of(1, 2)
  assert.equal(form.read('x'), 'x')
  assert.equal(form.read(bytes), bytes)
  assert.equal(form.reply(undefined, 'x'), 'x')
  assert.equal(form.reply(undefined, bytes), bytes)
  assert.deepEqual(form.reply(undefined, new DataView(bytes.buffer, 1)), Uint8Array.of(2))
  assert.deepEqual(form.reply(undefined, bytes.buffer), bytes)
  assert.equal(form.end(undefined), null)
})

test('plain: what is no message is no reply', () => {
  for (const value of [null, 5, true, {}, [], Symbol('x'), () => {}]) {
    assert.throws(() => plainForm(null).reply(undefined, value), { code: 'ERR_REPLY_INVALID' })
  }
})

test('plain: a contract is kept both ways', () => {
  const form = plainForm(Sum)
  assert.deepEqual(form.read('{"n":1}'), { n: 1 })
  for (const wrong of ['{"n":"x"}', 'no json', Uint8Array.of(1)]) {
    const { id, error } = refused(form.read(wrong))
    assert.deepEqual([id, error.code], [undefined, 'ERR_MESSAGE_INVALID'])
  }
  assert.equal(form.reply(undefined, { sum: 1 }), '{"sum":1}')
  assert.throws(() => form.reply(undefined, { sum: 'x' }), { code: 'ERR_MESSAGE_OUT_INVALID' })
})

test('with ids: any JSON, by integers and strings; what comes back has the id that went in', () => {
  const ids = fc.oneof(fc.maxSafeInteger(), fc.string({ minLength: 1, maxLength: 128 }))
  fc.assert(
    fc.property(ids, fc.jsonValue(), (id, data) => {
      const form = envelopeForm(null)
      const sent = JSON.parse(JSON.stringify({ id, data })) as { id: unknown; data: unknown }
      const read = form.read(JSON.stringify({ data, id, more: 1 })) as Envelope
      assert.ok(read instanceof Envelope)
      assert.deepEqual([read.id, read.message], [sent.id, sent.data])
      assert.deepEqual(JSON.parse(form.reply(read.id, read.message) as string), sent)
      assert.deepEqual(JSON.parse(form.end(read.id)!), { id: sent.id, done: true })
      const error = { code: 'A', message: 'b' }
      assert.deepEqual(JSON.parse(form.error(read.id, error)), { id: sent.id, error })
    }),
  )
})

test('with ids: what is no envelope is refused, under its id where that can be read', () => {
  const form = envelopeForm(null)
  const long = 'x'.repeat(129)
  for (const wrong of [
    'no json',
    '[]',
    'null',
    '"x"',
    '{"data":1}',
    '{"id":null,"data":1}',
    '{"id":"","data":1}',
    '{"id":1e999,"data":1}',
    `{"id":"${long}","data":1}`,
    `{"id":1,"data":${'['.repeat(300)}${']'.repeat(300)}}`,
    Uint8Array.of(1),
  ]) {
    const { id, error } = refused(form.read(wrong))
    assert.deepEqual([id, error.code], [null, 'ERR_REQUEST_ENVELOPE'])
  }
  assert.deepEqual(refused(form.read('{"id":"a"}')).id, 'a')
})

test('with ids: what is not JSON is no reply', () => {
  for (const value of [() => {}, Symbol('x'), Uint8Array.of(1)]) {
    assert.throws(() => envelopeForm(null).reply(1, value), { code: 'ERR_REPLY_INVALID' })
  }
  assert.throws(() => envelopeForm(null).reply(1, 5n), TypeError)
})

test('with ids: the contract is that of the data, and what does not fit is refused under its id', () => {
  const form = envelopeForm(Sum)
  assert.deepEqual(form.read('{"id":1,"data":{"n":1}}'), new Envelope(1, { n: 1 }))
  const { id, error } = refused(form.read('{"id":1,"data":{"n":"x"}}'))
  assert.deepEqual([id, error.code], [1, 'ERR_MESSAGE_INVALID'])
  assert.equal(form.reply('a', { sum: 1 }), '{"id":"a","data":{"sum":1}}')
  assert.throws(() => form.reply(1, { sum: 'x' }), { code: 'ERR_MESSAGE_OUT_INVALID' })
})

test('a schema that throws fails the request, and its error is kept for the operator', () => {
  for (const [form, message, expected] of [
    [plainForm(broken), '1', undefined],
    [envelopeForm(broken), '{"id":1,"data":1}', 1],
  ] as const) {
    const read = form.read(message) as Refusal
    const { id, error } = refused(read)
    assert.deepEqual([id, error.code], [expected, 'ERR_REQUEST_FAILED'])
    assert.equal((read.error as Error).message, 'schema')
    assert.ok(!read.answer.includes('schema'))
  }
})
