import assert from 'node:assert/strict'
import { isAscii, isUtf8 } from 'node:buffer'
import { test } from 'node:test'
import {
  maskKey,
  replyFrame,
  requestFrame,
  samplePayload,
  verificationPayload,
} from '../../src/load/request-frame.ts'

test('RFC 6455 §5.7: the masked and the unmasked "Hello"', () => {
  const hello = Buffer.from('Hello')
  assert.equal(requestFrame('text', hello).toString('hex'), '818537fa213d7f9f4d5158')
  assert.equal(replyFrame('text', hello).toString('hex'), '810548656c6c6f')
})

test('RFC 6455 §5.7: 256 bytes and 64 KiB of binary take the longer lengths', () => {
  assert.equal(replyFrame('binary', Buffer.alloc(256)).toString('hex', 0, 4), '827e0100')
  assert.equal(
    replyFrame('binary', Buffer.alloc(65_536)).toString('hex', 0, 10),
    '827f0000000000010000',
  )
})

test('each length encoding begins where the shorter one ends', () => {
  const headBytes = (length: number): number =>
    replyFrame('binary', Buffer.alloc(length)).length - length
  assert.deepEqual([125, 126, 65_535, 65_536].map(headBytes), [2, 4, 4, 10])
})

test('no byte of the key is zero, and a request is longer than its reply by the key', () => {
  assert.ok(maskKey.every((value) => value !== 0))
  const payload = samplePayload('binary', 300, 1)
  assert.equal(requestFrame('binary', payload).length, replyFrame('binary', payload).length + 4)
})

test('JSON is as long as it has to be, and as JSON.stringify writes it', () => {
  for (const payloadBytes of [21, 64, 1024]) {
    const text = samplePayload('json', payloadBytes, 107).toString()
    assert.equal(text.length, payloadBytes)
    assert.equal(JSON.stringify(JSON.parse(text)), text)
  }
  assert.throws(() => samplePayload('json', 10, 0), RangeError)
})

test('payloads differ by seed; timed text is ASCII, checked text is not, and both are UTF-8', () => {
  assert.notDeepEqual(samplePayload('binary', 20, 1), samplePayload('binary', 20, 2))
  assert.ok(isAscii(samplePayload('text', 1024, 3)))
  const checked = verificationPayload('text', 1024, 3)
  assert.ok(isUtf8(checked) && !isAscii(checked) && checked.length === 1024)
})
