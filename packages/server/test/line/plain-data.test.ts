// What may be published over a line, and what is refused.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isPlainData, MAX_DEPTH } from '../../src/line/plain-data.ts'

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value }
  return value
}

test('every value of JSON is plain', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const copy: unknown = JSON.parse(JSON.stringify(value))
      assert.equal(isPlainData(copy), !JSON.stringify(copy).includes('"__proto__":'))
    }),
    { verbose: true },
  )
})

test('what JSON cannot hold is not', () => {
  for (const value of [
    undefined,
    NaN,
    Infinity,
    1n,
    () => {},
    Symbol('a'),
    new Date(),
    new Map(),
  ]) {
    assert.equal(isPlainData(value), false)
    assert.equal(isPlainData([value]), false)
    assert.equal(isPlainData({ value }), false)
  }
  assert.equal(isPlainData({ bytes: Uint8Array.of(1) }), false)
})

test('lists and objects lie at most so deep in one another, and nobody counts further', () => {
  assert.equal(isPlainData(nested(MAX_DEPTH)), true)
  assert.equal(isPlainData(nested(MAX_DEPTH + 1)), false)
  assert.equal(isPlainData(nested(100_000)), false)
})

test('__proto__ is refused wherever it stands', () => {
  assert.equal(isPlainData(JSON.parse('{"__proto__":1}')), false)
  assert.equal(isPlainData(JSON.parse('{"a":[{"__proto__":{}}]}')), false)
})
