// What a client is told of a failed request.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  catalogueReply,
  RequestError,
  requestErrorReply,
} from '../../../src/models/servlet/request-error.ts'

test('an error of the program is told with its code, its message and its data, and nothing else', () => {
  const cause = new Error('secret')
  const error = new RequestError('TAKEN', 'The name is taken', { name: 'ann' }, { cause })
  assert.deepEqual(requestErrorReply(error), {
    code: 'TAKEN',
    message: 'The name is taken',
    data: { name: 'ann' },
  })
  assert.equal(error.cause, cause)
  assert.equal(error.name, 'RequestError')
  assert.deepEqual(Object.keys(requestErrorReply(new RequestError('A', 'b'))), ['code', 'message'])
})

test('a code of the catalogue is told with what to do, and with issues where there are some', () => {
  const { code, message, ...more } = catalogueReply('ERR_REQUEST_DEADLINE')
  assert.equal(code, 'ERR_REQUEST_DEADLINE')
  assert.ok(message.length > 0)
  assert.deepEqual(Object.keys(more), ['fix'])
  const issues = [{ path: ['a'], message: 'b' }]
  assert.deepEqual(
    (catalogueReply('ERR_MESSAGE_INVALID', issues) as { issues: unknown }).issues,
    issues,
  )
})
