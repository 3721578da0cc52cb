// Token buckets against what they promise.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { resolveLimits } from '../../src/connection/limits.ts'
import { RateLimit } from '../../src/connection/rate-limit.ts'

test('without either limit there is nothing to count', () => {
  assert.equal(RateLimit.of(resolveLimits()), null)
  assert.notEqual(RateLimit.of(resolveLimits({ messagesPerSecond: 1 })), null)
  assert.notEqual(RateLimit.of(resolveLimits({ bytesPerSecond: 1 })), null)
})

test('a limit that is not set never refuses', () => {
  const messages = new RateLimit(1, 0)
  for (let i = 0; i < 100; i++) assert.ok(messages.takeBytes(1_000_000, 0))
  const bytes = new RateLimit(0, 1)
  for (let i = 0; i < 100; i++) assert.ok(bytes.takeMessage(0))
})

test('a burst of one second passes, the next message does not, and a second later it does', () => {
  const limit = new RateLimit(10, 0)
  for (let i = 0; i < 10; i++) assert.ok(limit.takeMessage(5_000))
  assert.ok(!limit.takeMessage(5_000))
  const later = new RateLimit(10, 0)
  for (let i = 0; i < 10; i++) later.takeMessage(5_000)
  assert.ok(later.takeMessage(5_100))
  assert.ok(!later.takeMessage(5_100))
})

test('however they come, never more than a burst and the rate pass, and no less is refused', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 20 })), { maxLength: 80 }),
      (rate, steps) => {
        const limit = new RateLimit(0, rate)
        let tokens = rate
        let now = 10_000
        for (const [waitMs, count] of steps) {
          now += waitMs
          tokens = Math.min(rate, tokens + (rate * waitMs) / 1_000) - count
          const passes = limit.takeBytes(count, now)
          if (Math.abs(tokens) > 1e-6) assert.equal(passes, tokens >= 0)
          // A connection that is over the limit is closed: nothing more is asked.
          if (!passes) return
        }
      },
    ),
  )
})
