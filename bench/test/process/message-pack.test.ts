import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messagePack } from '../../src/process/message-pack.ts'

const hex = (value: unknown): string => messagePack(value).toString('hex')

test('maps, texts and counts as the specification has them', () => {
  assert.equal(hex({ compact: 1, schema: 0 }), '82a7636f6d7061637401a6736368656d6100')
  assert.deepEqual([0, 127, 128, 255, 256, 65_535, 65_536].map(hex), [
    '00',
    '7f',
    'cc80',
    'ccff',
    'cd0100',
    'cdffff',
    'ce00010000',
  ])
})

test('each length of a text begins where the shorter one ends', () => {
  const headBytes = (length: number): number => messagePack('x'.repeat(length)).length - length
  assert.deepEqual([31, 32, 255, 256, 65_535].map(headBytes), [1, 2, 2, 3, 3])
})

test('what it does not know is refused', () => {
  for (const value of [null, -1, 0.5, [], 'x'.repeat(65_536)]) {
    assert.throws(() => messagePack(value), TypeError)
  }
})
