import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quantile, slowClients } from '../slow.ts'

test('every tenth client of each topic is slow', () => {
  assert.equal(slowClients(10_000, 100), 1_000)
  assert.equal(slowClients(300, 15), 30)
  assert.equal(slowClients(5, 5), 5)
})

test('a quantile is the millisecond by which so many had come', () => {
  assert.equal(quantile([98, 1, 1], 0.5), 1)
  assert.equal(quantile([98, 1, 1], 0.99), 2)
  assert.equal(quantile([0, 0, 0, 5], 0.01), 4)
  assert.equal(quantile([], 0.99), 0)
})
