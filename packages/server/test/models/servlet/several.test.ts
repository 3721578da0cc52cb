// Which answers are several replies, and which handlers go on behind their return.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goesOn, iteratorOf } from '../../../src/models/servlet/several.ts'

async function* later(): AsyncGenerator<number> {
  yield 1
}
function* now(): Generator<number> {
  yield 1
}

test('what is asynchronously iterable is several replies, and so is a synchronous iterator', () => {
  const custom = { [Symbol.asyncIterator]: () => later() }
  for (const several of [later(), now(), [1].values(), new Map().entries(), custom]) {
    assert.equal(typeof iteratorOf(several)?.next, 'function')
  }
})

test('strings, bytes, arrays, maps and objects are one reply', () => {
  const iterable = { *[Symbol.iterator]() {} }
  for (const one of [
    'ab',
    Uint8Array.of(1),
    [1, 2],
    new Map(),
    {},
    { next: 5 },
    { next() {} },
    null,
    5,
    iterable,
  ]) {
    assert.equal(iteratorOf(one), null)
  }
})

test('async functions and generators go on behind their return', () => {
  for (const f of [async () => {}, later, now]) assert.ok(goesOn(f))
  for (const f of [() => {}, () => Promise.resolve(), class {}]) assert.ok(!goesOn(f))
})
