import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blocking } from 'holdline/threads'
import { isBlockingHandler } from '../../../src/models/threads/blocking.ts'
import { Sum } from './sessions/typed.ts'

test('a handler, with its contract if it has one, is told from everything else', () => {
  const run = (): void => {}
  const plain = blocking(run)
  const typed = blocking(Sum, run)
  assert.deepEqual([plain.run, plain.contract], [run, undefined])
  assert.deepEqual([typed.run, typed.contract], [run, Sum])
  assert.ok(isBlockingHandler(plain) && isBlockingHandler(typed))
  for (const other of [run, null, undefined, {}, 'text', Object.create(plain)]) {
    assert.equal(isBlockingHandler(other), false)
  }
})
