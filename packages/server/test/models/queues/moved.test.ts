import assert from 'node:assert/strict'
import { test } from 'node:test'
import { moved } from 'holdline/queues'
import { buffersOf } from '../../../src/models/queues/moved.ts'

test('a buffer, and a view of a whole one, are moved', () => {
  const buffer = new ArrayBuffer(8)
  assert.deepEqual(buffersOf(buffer), [buffer])
  const views = [new Uint8Array(buffer), new DataView(buffer), new Float64Array(buffer)]
  for (const view of views) assert.equal(buffersOf(view)[0], buffer)
})

test('a view of a part is not: the rest belongs to somebody', () => {
  const bytes = new Uint8Array(8)
  assert.deepEqual(buffersOf(bytes.subarray(1)), [])
  assert.deepEqual(buffersOf(bytes.subarray(0, 7)), [])
  assert.deepEqual(buffersOf(Buffer.from('x')), [])
  assert.deepEqual(buffersOf(new Uint8Array(new SharedArrayBuffer(8))), [])
  for (const other of [null, undefined, 1, 'x', { bytes }, [bytes]]) {
    assert.deepEqual(buffersOf(other), [])
  }
})

test('moved names the buffers of a result', () => {
  const buffer = new ArrayBuffer(8)
  const { value, buffers } = moved({ buffer }, [buffer])
  assert.deepEqual(value, { buffer })
  assert.deepEqual(buffers, [buffer])
})
