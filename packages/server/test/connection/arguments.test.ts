// Values that programs without types hand over.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesOf, checkCloseArguments } from '../../src/connection/arguments.ts'
import { HoldlineError } from '../../src/protocol/errors.ts'

test('the bytes of a view are those it shows, no more', () => {
  const memory = Uint8Array.from({ length: 16 }, (_, i) => i)
  assert.equal(bytesOf(memory), memory)
  assert.deepEqual(bytesOf(new DataView(memory.buffer, 4, 3)), Uint8Array.of(4, 5, 6))
  assert.deepEqual(bytesOf(new Uint16Array(memory.buffer, 2, 1)), Uint8Array.of(2, 3))
  assert.deepEqual(bytesOf(memory.buffer), memory)
  assert.deepEqual(bytesOf(new SharedArrayBuffer(2)), new Uint8Array(2))
  const buffer = Buffer.from('abc')
  assert.equal(bytesOf(buffer), buffer)
})

test('what is no message throws a TypeError', () => {
  for (const value of [
    undefined,
    null,
    5,
    {},
    [1, 2],
    { length: 1, 0: 1 },
    Symbol('s'),
    () => {},
  ]) {
    assert.throws(() => bytesOf(value), TypeError)
  }
})

test('codes of RFC 6455 §7.4 and reasons of up to 123 bytes may be sent', () => {
  for (const code of [1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999]) {
    checkCloseArguments(code, 'why')
  }
  checkCloseArguments(undefined, '')
  checkCloseArguments(1000, 'x'.repeat(123))
  checkCloseArguments(1000, 'é'.repeat(61))
})

test('other codes and reasons are refused', () => {
  const refused = (code: unknown, reason: unknown): void =>
    assert.throws(
      () => checkCloseArguments(code, reason),
      (error) => error instanceof HoldlineError && error.code === 'ERR_CLOSE_ARGUMENT',
    )
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, -1, NaN, Infinity]) {
    refused(code, '')
  }
  for (const code of [1000.5, 3000.5, '1000', null, {}, 1000n.toString()]) refused(code, '')
  refused(undefined, 'a reason needs a code')
  refused(1000, 'x'.repeat(124))
  refused(1000, 'é'.repeat(62))
})

// CVE-2026-45736: the memory behind a typed array as reason was sent.
test('a reason that is no string throws a TypeError, whatever the code', () => {
  for (const reason of [Buffer.from('x'), new Uint8Array(5), 5, null, {}, ['a']]) {
    assert.throws(() => checkCloseArguments(1000, reason), TypeError)
    assert.throws(() => checkCloseArguments(undefined, reason), TypeError)
  }
})
