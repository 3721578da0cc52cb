// Reasons, and what is made of them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ActorDownError,
  describe,
  isAbnormal,
  reasonOf,
} from '../../../src/models/actors/exit-reason.ts'

test('normal and shutdown are as it should be, all else is not', () => {
  const reasons = ['normal', 'shutdown', 'kill', 'killed', 'noproc', 'noconnection', 'mine']
  assert.deepEqual(reasons.filter(isAbnormal), reasons.slice(2))
  assert.equal(isAbnormal(new Error('x')), true)
})

test('what was thrown is an error as it is, else the cause of one', () => {
  const error = new RangeError('x')
  assert.equal(reasonOf(error), error)
  for (const thrown of ['text', undefined, null, 7]) {
    const reason = reasonOf(thrown) as Error
    assert.equal(reason.message, `Thrown: ${String(thrown)}`)
    assert.equal(reason.cause, thrown)
  }
})

test('the error of an ask says who and why, and has an error for its cause', () => {
  const cause = new RangeError('far')
  const crashed = new ActorDownError('Room<1.2>.say', cause)
  assert.equal(crashed.code, 'ERR_ACTOR_DOWN')
  assert.equal(crashed.reason, cause)
  assert.equal(crashed.cause, cause)
  assert.match(crashed.message, /Room<1\.2>\.say, RangeError: far/)
  const ended = new ActorDownError('Room<1.2>.say', 'normal')
  assert.equal('cause' in ended, false)
  assert.match(ended.message, /Room<1\.2>\.say, normal/)
  assert.equal(describe('killed'), 'killed')
})
