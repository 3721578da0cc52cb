// Contracts over the three libraries that people use, against everything that a client may send for a message.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type } from 'arktype'
import fc from 'fast-check'
import * as v from 'valibot'
import { z } from 'zod'
import { Contract, contract, invalidMessageAnswer } from '../../src/connection/contract.ts'
import { HoldlineError } from '../../src/protocol/errors.ts'

interface Order {
  readonly id: number
  readonly items: readonly { readonly name: string }[]
}

const libraries: Record<string, StandardSchemaV1<unknown, Order>> = {
  zod: z.object({ id: z.number(), items: z.array(z.object({ name: z.string() })) }),
  valibot: v.object({ id: v.number(), items: v.array(v.object({ name: v.string() })) }),
  arktype: type({ id: 'number', items: type({ name: 'string' }).array() }),
}

const asyncSchemas: Record<string, StandardSchemaV1> = {
  zod: z.string().refine(async () => true),
  valibot: v.pipeAsync(
    v.string(),
    v.checkAsync(async () => true),
  ),
  'a schema of its own': {
    '~standard': { version: 1, vendor: 'own', validate: async (value) => ({ value }) },
  },
  'one that rejects': {
    '~standard': {
      version: 1,
      vendor: 'own',
      validate: async () => {
        throw new Error('meant')
      },
    },
  },
  'a thenable that is no Promise': {
    '~standard': {
      version: 1,
      vendor: 'own',
      // oxlint-disable-next-line unicorn/no-thenable -- that is the case
      validate: () => ({ then: () => {} }) as never,
    },
  },
}

for (const [name, schema] of Object.entries(libraries)) {
  describe(`a contract of ${name}`, () => {
    const agreed = contract({ in: schema, out: schema })
    const good: Order = { id: 1, items: [{ name: 'rope' }] }

    test('a valid message is decoded, and encoded again', () => {
      const decoded = agreed.decode(JSON.stringify(good))
      assert.deepEqual(decoded, { value: good })
      assert.deepEqual(JSON.parse(agreed.encode(good)), good)
    })

    test('an invalid one says what differs and where', () => {
      const { issues } = agreed.decode('{"id":1,"items":[{"name":"a"},{"name":2}]}')
      assert.equal(issues?.length, 1)
      assert.deepEqual(issues[0]!.path, ['items', 1, 'name'])
      assert.notEqual(issues[0]!.message, '')
      const answer = JSON.parse(invalidMessageAnswer(issues)) as { error: Record<string, unknown> }
      assert.deepEqual(Object.keys(answer.error), ['code', 'message', 'fix', 'issues'])
      assert.equal(answer.error['code'], 'ERR_MESSAGE_INVALID')
      assert.deepEqual(answer.error['issues'], issues)
    })

    test('what the program sends is held to it too', () => {
      assert.throws(
        () => agreed.encode({ id: 'one', items: [] }),
        (error: unknown) =>
          error instanceof HoldlineError &&
          error.code === 'ERR_MESSAGE_OUT_INVALID' &&
          error.closeCode === 1011 &&
          error.message.includes('id: '),
      )
    })

    test('binary messages and broken JSON are invalid messages, not failures', () => {
      const issues = agreed.decode(Uint8Array.of(0x7b, 0x7d)).issues
      assert.deepEqual(issues, [{ path: [], message: 'expected JSON in a text message' }])
      for (const broken of ['', '{', '{"id":1,}', 'undefined', '\u0000', '{"id":1}}', 'NaN']) {
        const found = agreed.decode(broken).issues
        assert.equal(found?.length, 1, broken)
        assert.match(found[0]!.message, /^not JSON: /)
      }
    })

    test('__proto__, constructor and prototype keys change no prototype', () => {
      const evil =
        '{"id":1,"items":[],"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'
      const decoded = agreed.decode(evil)
      assert.ok(decoded.issues === undefined)
      assert.equal((decoded.value as { polluted?: unknown }).polluted, undefined)
      assert.equal(({} as { polluted?: unknown }).polluted, undefined)
      assert.equal(agreed.decode('{"__proto__":{"id":1,"items":[]}}').issues === undefined, false)
    })

    test('nested 100,000 deep: an answer, not the end of the process', () => {
      const deep = (open: string, close: string): string =>
        open.repeat(100_000) + close.repeat(100_000)
      assert.notEqual(agreed.decode(deep('[', ']')).issues, undefined)
      assert.notEqual(
        agreed.decode('{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)).issues,
        undefined,
      )
      assert.notEqual(agreed.decode(`{"id":1,"items":${deep('[', ']')}}`).issues, undefined)
    })

    test('arrays of 1 MB: valid ones pass, invalid ones are answered with few issues', () => {
      const count = 100_000
      const items = Array.from({ length: count }, () => ({ name: '' }))
      assert.equal(agreed.decode(JSON.stringify({ id: 1, items })).issues, undefined)
      const { issues } = agreed.decode(`{"id":1,"items":[${'0,'.repeat(524_288)}0]}`)
      assert.ok(issues !== undefined && issues.length >= 1 && issues.length <= 10)
      assert.ok(invalidMessageAnswer(issues).length < 10_000)
    })

    test('any JSON is either decoded or answered', () => {
      fc.assert(
        fc.property(fc.jsonValue(), (json) => {
          const { issues } = agreed.decode(JSON.stringify(json))
          if (issues === undefined) return
          assert.ok(issues.length > 0)
          JSON.parse(invalidMessageAnswer(issues))
        }),
      )
    })
  })
}

/** A tree, so that validation recurses as deep as the message goes. */
const trees: Record<string, () => StandardSchemaV1> = {
  zod: () => {
    const tree: z.ZodType = z.lazy(() => z.array(tree))
    return tree
  },
  valibot: () => {
    const tree: v.GenericSchema = v.lazy(() => v.array(tree))
    return tree
  },
  arktype: () => type.module({ tree: 'tree[]' }).tree,
}

for (const [name, make] of Object.entries(trees)) {
  test(`a recursive schema of ${name}: a message nested 100,000 deep is answered`, () => {
    const agreed = contract({ in: make(), out: z.string() })
    assert.equal(agreed.decode('[[[]]]').issues, undefined)
    const { issues } = agreed.decode('['.repeat(100_000) + ']'.repeat(100_000))
    assert.deepEqual(issues, [{ path: [], message: 'nested too deep' }])
  })
}

for (const [name, schema] of Object.entries(asyncSchemas)) {
  test(`an asynchronous schema (${name}) is refused, in and out`, () => {
    const agreed = contract({ in: schema, out: schema })
    const refused = { code: 'ERR_CONTRACT_ASYNC' }
    assert.throws(() => agreed.decode('"x"'), refused)
    assert.throws(() => agreed.encode('x'), refused)
  })
}

test('a schema may transform: handlers receive its output, and the wire its output too', () => {
  const agreed = contract({
    in: z.string().transform((text) => text.length),
    out: z.number().transform((n) => `n${n}`),
  })
  assert.deepEqual(agreed.decode('"four"'), { value: 4 })
  assert.equal(agreed.encode(4), '"n4"')
})

test('what JSON has no word for is not sent', () => {
  const agreed = contract({ in: z.any(), out: z.any() })
  for (const value of [undefined, () => {}, Symbol('s')]) {
    assert.throws(() => agreed.encode(value), { code: 'ERR_MESSAGE_OUT_INVALID' })
  }
  assert.equal(agreed.encode(null), 'null')
})

test('a path may hold objects with a key, and symbols; both are told as text', () => {
  const schema: StandardSchemaV1 = {
    '~standard': {
      version: 1,
      vendor: 'own',
      validate: () => ({
        issues: [{ message: 'no', path: [{ key: 'a' }, Symbol('b'), 3] }, { message: 'no path' }],
      }),
    },
  }
  const { issues } = contract({ in: schema, out: schema }).decode('1')
  assert.deepEqual(issues, [
    { path: ['a', 'Symbol(b)', 3], message: 'no' },
    { path: [], message: 'no path' },
  ])
})

test('an error that is no matter of depth is the mistake of the schema, and is thrown', () => {
  const schema: StandardSchemaV1 = {
    '~standard': {
      version: 1,
      vendor: 'own',
      validate: () => {
        throw new TypeError('meant')
      },
    },
  }
  assert.throws(() => contract({ in: schema, out: schema }).decode('1'), /meant/)
})

test('depth is counted outside of strings, and 256 is allowed', () => {
  const agreed = contract({ in: z.any(), out: z.any() })
  const nested = (depth: number, inside: string): string =>
    '['.repeat(depth) + inside + ']'.repeat(depth)
  assert.equal(agreed.decode(nested(256, '')).issues, undefined)
  assert.notEqual(agreed.decode(nested(257, '')).issues, undefined)
  assert.notEqual(agreed.decode(nested(200, `{"a":${nested(57, '1')}}`)).issues, undefined)
  for (const text of ['[', '\\"[', '"[', '\\', '[\\"[', '\\\"{']) {
    const json = JSON.stringify([text.repeat(300), '}', text])
    assert.deepEqual(agreed.decode(json), { value: JSON.parse(json) as unknown })
    assert.notEqual(agreed.decode(`[${JSON.stringify(text)},${nested(256, '')}]`).issues, undefined)
  }
  const flat = Array.from({ length: 1_000 }, () => [{}])
  assert.deepEqual(agreed.decode(JSON.stringify(flat)), { value: flat })
})

test('contract() gives a Contract of both schemas', () => {
  const both = { in: z.string(), out: z.number() }
  const agreed = contract(both)
  assert.ok(agreed instanceof Contract)
  assert.equal(agreed.in, both.in)
  assert.equal(agreed.out, both.out)
})
