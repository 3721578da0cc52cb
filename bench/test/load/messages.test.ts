import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dialectTarget, replyBytes, requestBytes } from '../../src/load/messages.ts'
import { dialects } from '../../src/process/dialect.ts'

test('RFC 6455 §5.7: the masked and the unmasked "Hello"', () => {
  const hello = Buffer.from('Hello')
  assert.equal(
    requestBytes(dialects.plain, 'text', hello).toString('hex'),
    '818537fa213d7f9f4d5158',
  )
  assert.equal(replyBytes(dialects.plain, 'text', hello).toString('hex'), '810548656c6c6f')
})

test('bytes take two frames with Socket.IO', () => {
  const reply = replyBytes(dialects['socket-io'], 'binary', Buffer.of(7, 8))
  const second = 2 + reply[1]
  assert.equal(reply[0], 0x81)
  assert.equal(reply.toString('hex', second), '82020708')
})

test('a topic of Socket.IO is joined step by step; a plain one by its path', () => {
  const steps = dialectTarget(dialects['socket-io'], 1, '/t/7').greeting
  assert.deepEqual(
    steps.map(({ bytes, replyCount }) => [bytes.length > 0, replyCount]),
    [
      [false, 1],
      [true, 1],
      [true, 1],
    ],
  )
  const plain = dialectTarget(dialects.plain, 1, '/t/7')
  assert.deepEqual(plain.greeting, [])
  assert.match(Buffer.from(plain.request).toString(), /^GET \/t\/7 /)
})
