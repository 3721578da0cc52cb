// Values between workers: what goes in comes out, and nothing else gets in.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HoldlineError } from 'holdline'
import { ActorDownError } from 'holdline/actors'
import { standOf } from './stand.ts'

const { system } = standOf('remote')

test('any plain value arrives as it was', () => {
  const values = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withNullPrototype: false,
  })
  fc.assert(fc.property(values, (value) => assert.deepEqual(system.copy([value]), [value])))
})

test('any text arrives as it was, lone surrogates included', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      assert.deepEqual(system.copy([text, `${text}\ud800`]), [text, `${text}\ud800`])
    }),
  )
})

test('numbers at every edge', () => {
  for (const n of [0, -0, 1, -1, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 53, 0.1, NaN, -Infinity]) {
    assert.ok(Object.is(system.copy<number[]>([n])[0], n), String(n))
  }
})

test('bytes are copies, and a Buffer is a Buffer', () => {
  const bytes = Buffer.from('hello')
  const [copy] = system.copy([bytes])
  assert.ok(Buffer.isBuffer(copy))
  bytes.fill(0)
  assert.equal(String(copy), 'hello')
})

test('errors arrive with name, message, code, cause; our own as what they are', () => {
  const [range] = system.copy([new RangeError('far', { cause: { of: 'it' } })])
  assert.ok(range instanceof RangeError)
  assert.deepEqual(range.cause, { of: 'it' })
  const [own] = system.copy([new HoldlineError('ERR_ACTOR_CHILD', 'x')])
  assert.ok(own instanceof HoldlineError)
  assert.equal(own.detail, 'x')
  const [down] = system.copy([new ActorDownError('Room<1.2>.say', 'killed')])
  assert.ok(down instanceof ActorDownError)
  assert.equal(down.reason, 'killed')
  const [odd] = system.copy([Object.assign(new Error('odd'), { cause: () => {} })])
  assert.equal(odd.message, 'odd')
})

test('functions, symbols, objects of other classes, circles: ERR_ACTOR_MESSAGE', () => {
  const circle: unknown[] = []
  circle.push(circle)
  class Thing {}
  for (const value of [
    () => {},
    Symbol('x'),
    new Thing(),
    new WeakMap(),
    Promise.resolve(),
    circle,
  ]) {
    assert.throws(() => system.copy([value]), { code: 'ERR_ACTOR_MESSAGE' })
  }
  assert.deepEqual(system.copy([1]), [1])
})

test('a key __proto__ is a key', () => {
  const value = JSON.parse('{"__proto__":{"x":1}}') as object
  const [copy] = system.copy([value])
  assert.equal(Object.getPrototypeOf(copy), Object.prototype)
  assert.deepEqual(Object.keys(copy), ['__proto__'])
})
