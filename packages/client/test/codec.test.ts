import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import { jsonCodec, plainCodec } from '../src/codec.ts'
import type { Contract } from '../src/contract.ts'

const contracts: Record<string, Contract> = {
  zod: { in: z.object({ text: z.string() }), out: z.object({ from: z.string() }) },
  valibot: { in: v.object({ text: v.string() }), out: v.object({ from: v.string() }) },
  arktype: { in: type({ text: 'string' }), out: type({ from: 'string' }) },
}

for (const [library, contract] of Object.entries(contracts)) {
  test(`${library}: both directions are validated`, () => {
    const codec = jsonCodec(contract)
    assert.equal(codec.encode({ text: 'a' }), '{"text":"a"}')
    assert.deepEqual(codec.decode('{"from":"b"}'), { from: 'b' })
    assert.throws(() => codec.encode({ text: 1 }), {
      code: 'ERR_MESSAGE_OUT_INVALID',
      message: /text/,
    })
    assert.throws(() => codec.decode('{"from":1}'), {
      code: 'ERR_MESSAGE_INVALID',
      message: /from/,
    })
  })
}

test('issues name the place, also inside lists', () => {
  const codec = jsonCodec({ in: z.unknown(), out: z.object({ people: z.array(z.string()) }) })
  assert.throws(
    () => codec.decode('{"people":["a",2]}'),
    (error: Error & { issues?: unknown }) => {
      assert.deepEqual((error.issues as { path: unknown[] }[])[0]?.path, ['people', 1])
      return /people\.1/.test(error.message)
    },
  )
})

test('what is not JSON in text is not valid', () => {
  const codec = jsonCodec()
  for (const data of ['{', '', 'hello', new ArrayBuffer(2)]) {
    assert.throws(() => codec.decode(data), { code: 'ERR_MESSAGE_INVALID' })
  }
  assert.throws(() => codec.encode(undefined), { code: 'ERR_MESSAGE_OUT_INVALID' })
})

test('an asynchronous schema is refused, since it would reorder messages', () => {
  const late = z.string().refine(async () => true)
  const codec = jsonCodec({ in: late, out: late })
  assert.throws(() => codec.encode('a'), { code: 'ERR_CONTRACT_ASYNC' })
  assert.throws(() => codec.decode('"a"'), { code: 'ERR_CONTRACT_ASYNC' })
})

test('plain messages pass as they are, binary as bytes', () => {
  assert.equal(plainCodec.encode('a'), 'a')
  assert.equal(plainCodec.decode('a'), 'a')
  assert.deepEqual(plainCodec.decode(Uint8Array.of(1, 2).buffer), Uint8Array.of(1, 2))
})
