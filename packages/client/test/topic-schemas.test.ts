import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Schema } from '../src/contract.ts'
import { schemaOf } from '../src/topic-schemas.ts'

const named = (vendor: string): Schema => ({
  '~standard': { version: 1, vendor, validate: (value) => ({ value }) },
})

test('a name has its own schema, else that of the first pattern that it fits', () => {
  const schemas = {
    'a.b': named('own'),
    'a.*': named('one'),
    'c.*.d': named('mid'),
    'c.**': named('rest'),
  }
  const vendorOf = (topic: string): string | undefined =>
    schemaOf(schemas, topic)?.['~standard'].vendor
  for (const [topic, vendor] of [
    ['a.b', 'own'],
    ['a.c', 'one'],
    ['a', undefined],
    ['a.b.c', undefined],
    ['c.x.d', 'mid'],
    ['c.x.e', 'rest'],
    ['c.x', 'rest'],
    ['c', undefined],
    ['constructor', undefined],
    ['__proto__', undefined],
  ] as const) {
    assert.equal(vendorOf(topic), vendor, topic)
  }
  assert.equal(schemaOf(undefined, 'a'), undefined)
})
