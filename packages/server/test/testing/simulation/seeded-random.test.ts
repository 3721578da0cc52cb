import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom } from '../../../src/testing/simulation/seeded-random.ts'

test('the same seed gives the same numbers, another one others', () => {
  const draw = (seed: number): number[] => {
    const random = new SeededRandom(seed)
    return Array.from({ length: 50 }, () => random.next())
  }
  assert.deepEqual(draw(7), draw(7))
  const seeds = [0, 1, 2, -1, 2 ** 32, 2 ** 32 + 1, 2 ** 40]
  assert.equal(new Set(seeds.map((seed) => draw(seed).join())).size, seeds.length)
})

test('numbers are spread evenly, within their bounds', () => {
  const random = new SeededRandom(1)
  const counts = Array.from({ length: 10 }, () => 0)
  for (let i = 0; i < 100_000; i++) {
    const number = random.next()
    assert.ok(number >= 0 && number < 1)
    counts[Math.floor(number * 10)]!++
  }
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 500, `${count}`)
  const seen = new Set(Array.from({ length: 200 }, () => random.between(3, 5)))
  assert.deepEqual(seen, new Set([3, 4, 5]))
  assert.deepEqual(new Set(Array.from({ length: 99 }, () => random.pick(['a', 'b']))).size, 2)
})

test('what never happens does not, and what always happens does', () => {
  const random = new SeededRandom(2)
  for (let i = 0; i < 1_000; i++) {
    assert.equal(random.happens(0), false)
    assert.equal(random.happens(1), true)
  }
  assert.match(random.name(16), /^[a-z0-9]{16}$/)
})
