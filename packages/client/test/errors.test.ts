import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClientError } from 'holdline-client'

test('an error says what happened and, where known, in which case', () => {
  const plain = new ClientError('ERR_INBOX_FULL')
  assert.equal(plain.code, 'ERR_INBOX_FULL')
  assert.equal(plain.name, 'ClientError')
  assert.equal(plain.message, 'ERR_INBOX_FULL')
  const issues = [{ message: 'too long', path: ['text'] }]
  const detailed = new ClientError('ERR_MESSAGE_OUT_INVALID', 'text: too long', issues)
  assert.equal(detailed.message, 'ERR_MESSAGE_OUT_INVALID: text: too long')
  assert.deepEqual(detailed.issues, issues)
})
