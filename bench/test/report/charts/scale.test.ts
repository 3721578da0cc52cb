import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { linearScale, logScale, tickText } from '../../../src/report/charts/scale.ts'

const positive = fc.double({ min: 1e-3, max: 1e9, noNaN: true })

for (const [name, scaleOf] of Object.entries({ linearScale, logScale })) {
  test(`${name}: every value lies between the ends, and larger ones lie further`, () => {
    fc.assert(
      fc.property(fc.array(positive, { minLength: 1, maxLength: 20 }), (values) => {
        const scale = scaleOf(values, 100, 500)
        const places = values.toSorted((a, b) => a - b).map((value) => scale.at(value))
        assert.ok(places.every((place) => place >= 99.99 && place <= 500.01))
        assert.ok(places.every((place, index) => index === 0 || place >= places[index - 1]!))
        assert.ok(scale.ticks.length >= 2 && scale.ticks.length <= 14, String(scale.ticks))
      }),
    )
  })
}

test('logarithmic marks are round numbers around the values', () => {
  assert.deepEqual(logScale([0.4, 3], 0, 1).ticks, [0.2, 0.5, 1, 2, 5])
  assert.equal(logScale([1, 100], 0, 10).at(10), 5)
})

test('a number just below a power of ten has a mark on both sides', () => {
  assert.deepEqual(logScale([999_999_999.999_997_9], 0, 1).ticks, [5e8, 1e9])
})

test('linear marks begin at zero', () => {
  assert.deepEqual(linearScale([70, 450], 0, 1).ticks, [0, 100, 200, 300, 400, 500])
})

test('marks are written with thousands parted', () => {
  assert.deepEqual([15_000, 0.05, 1].map(tickText), ['15,000', '0.05', '1'])
})
