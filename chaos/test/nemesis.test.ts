import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../nemesis.ts'

test('a seed repeats its choices, another makes others, all are in [0, 1)', () => {
  const draw = (seed: number): number[] => {
    const random = seededRandom(seed)
    return Array.from({ length: 1_000 }, random)
  }
  assert.deepEqual(draw(7), draw(7))
  assert.notDeepEqual(draw(7), draw(8))
  assert.ok(draw(7).every((value) => value >= 0 && value < 1))
  const mean = draw(7).reduce((sum, value) => sum + value, 0) / 1_000
  assert.ok(mean > 0.45 && mean < 0.55, `mean ${mean}`)
})
