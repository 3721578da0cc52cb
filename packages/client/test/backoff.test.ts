import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { backoffMs, retryAfterMs, worthRetrying } from 'holdline-client'

const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

test('a wait is always within [0, min(cap, base × 2^n)]', () => {
  fc.assert(
    fc.property(
      fc.nat(5000),
      fc.integer({ min: 1, max: 10_000 }),
      fc.integer({ min: 1, max: 3_600_000 }),
      unit,
      (attempt, baseMs, capMs, random) => {
        const wait = backoffMs(attempt, { baseMs, capMs }, () => random)
        assert.ok(wait >= 0 && wait <= Math.min(capMs, baseMs * 2 ** attempt), `${wait}`)
      },
    ),
    { verbose: true },
  )
})

test('the whole of the range is used: the jitter is full', () => {
  const waits = [0, 0.25, 0.999].map((random) => backoffMs(3, { baseMs: 100 }, () => random))
  assert.deepEqual(waits, [0, 200, 799.2])
})

test('by default the first wait is at most 500 ms and none is longer than 30 s', () => {
  assert.equal(
    backoffMs(0, {}, () => 1),
    500,
  )
  assert.equal(
    backoffMs(99, {}, () => 1),
    30_000,
  )
})

test('a hint in the close reason is read as seconds, and bounded', () => {
  const hint = (reason: string): number => retryAfterMs({ code: 1013, reason })
  assert.equal(hint('retry-after=7'), 7000)
  assert.equal(hint('full; Retry-After: 2'), 2000)
  assert.equal(hint('retry-after=999999'), 300_000)
  assert.equal(hint('retry-after=-1'), 0)
  assert.equal(hint('retry-after=1e9'), 0)
  assert.equal(hint('come back'), 0)
})

test('trying again is worth it unless the server said that it is over', () => {
  const retried = [1001, 1002, 1005, 1006, 1007, 1009, 1011, 1012, 1013, 1014, 1015, 3008, 3999]
  const final = [1000, 1003, 1008, 1010, 3000, 3003, 4000, 4401, 4999]
  for (const code of retried) assert.equal(worthRetrying({ code, reason: '' }), true, `${code}`)
  for (const code of final) assert.equal(worthRetrying({ code, reason: '' }), false, `${code}`)
})
