import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LatencyHistogram } from '../../src/load/latency-histogram.ts'

test('quantiles are those of the sorted values, at most 1 % above', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.1, max: 1e8, noNaN: true }), { minLength: 1, maxLength: 300 }),
      fc.constantFrom(0.5, 0.9, 0.99, 0.999, 1),
      (values, fraction) => {
        const histogram = new LatencyHistogram()
        for (const value of values) histogram.add(value)
        const sorted = values.toSorted((a, b) => a - b)
        const exact = sorted[Math.max(1, Math.ceil(fraction * sorted.length)) - 1]!
        const found = histogram.quantileUs(fraction)
        assert.ok(found >= exact * 0.999_999 && found <= exact * 1.01, `${found} for ${exact}`)
      },
    ),
  )
})

test('one slow answer among a thousand is above p99.9 only', () => {
  const histogram = new LatencyHistogram()
  for (let i = 0; i < 999; i++) histogram.add(100)
  histogram.add(50_000)
  assert.ok(histogram.quantileUs(0.999) < 102)
  assert.equal(histogram.quantileUs(1), 50_000)
  assert.equal(histogram.highestUs, 50_000)
  assert.equal(histogram.count, 1000)
})

test('zero and less are counted, and nothing gives no number', () => {
  const histogram = new LatencyHistogram()
  assert.ok(Number.isNaN(histogram.quantileUs(0.5)))
  histogram.add(0)
  histogram.add(-3)
  assert.equal(histogram.quantileUs(0.5), 0)
})
