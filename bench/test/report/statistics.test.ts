import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, summarize, summarizeRatios } from '../../src/report/statistics.ts'

test('the median of an odd number of values is the middle one, whatever their order', () => {
  assert.equal(median([9, 1, 100]), 9)
})

test('the median of an even number of values lies between the two in the middle', () => {
  assert.equal(median([10, 1, 2, 4]), 3)
})

test('the median of nothing is not a number', () => {
  assert.ok(Number.isNaN(median([])))
  assert.ok(Number.isNaN(summarize([]).lowest))
})

test('a summary leaves its values in their order', () => {
  const values = [3, 1, 2]
  assert.deepEqual(summarize(values), { median: 2, lowest: 1, highest: 3 })
  assert.deepEqual(values, [3, 1, 2])
})

test('ratios are taken round by round, so that a slow spell of the machine cancels out', () => {
  const slowSpell = [10, 40, 10]
  const alsoSlowThen = [5, 20, 5]
  assert.deepEqual(summarizeRatios(alsoSlowThen, slowSpell), {
    median: 0.5,
    lowest: 0.5,
    highest: 0.5,
  })
})

test('rounds without a partner give no ratio', () => {
  assert.equal(summarizeRatios([2, 100], [1]).highest, 2)
  assert.ok(Number.isNaN(summarizeRatios([1], []).median))
})
