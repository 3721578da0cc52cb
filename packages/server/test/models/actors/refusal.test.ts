// A refusal carries the answer.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from 'holdline/actors'

test('a refusal is an error whose answer, of any kind, is its cause', () => {
  for (const answer of [new RangeError('far'), 'text', undefined]) {
    const refusal = new Refusal(answer)
    assert.ok(refusal instanceof Error)
    assert.equal(refusal.name, 'Refusal')
    assert.equal(refusal.answer, answer)
    assert.equal(refusal.cause, answer)
  }
})
