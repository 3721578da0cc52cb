import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeThrown, reviveThrown } from '../../../src/models/queues/thrown.ts'
import { HoldlineError } from '../../../src/protocol/errors.ts'

/** On the way between threads. */
const sent = (thrown: unknown): unknown => reviveThrown(structuredClone(describeThrown(thrown)))

test('an error of the language keeps its class, message and stack', () => {
  for (const Class of [Error, TypeError, RangeError, SyntaxError]) {
    const thrown = new Class('meant')
    const revived = sent(thrown) as Error
    assert.ok(revived instanceof Class)
    assert.equal(revived.name, Class.name)
    assert.equal(revived.message, 'meant')
    assert.equal(revived.stack, thrown.stack)
  }
})

test('an error keeps its code and its name, also of a class that is not known here', () => {
  class Odd extends Error {
    override name = 'Odd'
    readonly code = 7
  }
  const revived = sent(new Odd('meant')) as Odd
  assert.ok(revived instanceof Error)
  assert.equal(revived.name, 'Odd')
  assert.equal(revived.code, 7)
})

test('an error of the catalogue is one again', () => {
  const revived = sent(new HoldlineError('ERR_TOPIC_NAME', 'x')) as HoldlineError
  assert.ok(revived instanceof HoldlineError)
  assert.equal(revived.code, 'ERR_TOPIC_NAME')
  assert.equal(revived.detail, 'x')
  const false1 = Object.assign(new Error('meant'), { name: 'HoldlineError', code: 'ERR_NONE' })
  assert.equal((sent(false1) as { code: string }).code, 'ERR_NONE')
})

test('causes come along, but not for ever', () => {
  const revived = sent(new Error('outer', { cause: new TypeError('inner') })) as Error
  assert.ok(revived.cause instanceof TypeError)
  assert.equal(
    sent(new Error('x', { cause: { a: 1 } }) as Error & { cause: unknown }) instanceof Error,
    true,
  )
  const ring = new Error('ring')
  ring.cause = ring
  let depth = 0
  for (let error = sent(ring) as Error; error.cause !== undefined; error = error.cause as Error) {
    depth++
  }
  assert.equal(depth, 8)
})

test('what is no error comes as it is, or as text', () => {
  for (const value of [null, undefined, 'x', 1, { a: [1] }]) assert.deepEqual(sent(value), value)
  const f = (): number => 1
  assert.equal(sent(f), String(f))
  const coded = Object.assign(new Error('meant'), { code: f })
  assert.equal((sent(coded) as { code: unknown }).code, String(f))
})
