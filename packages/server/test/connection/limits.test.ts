// Filling in and refusing limits.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultLimits, resolveLimits } from '../../src/connection/limits.ts'
import type { Limits } from '../../src/connection/limits.ts'
import { HoldlineError } from '../../src/protocol/errors.ts'

const refuses = (set: object, about: RegExp): void =>
  assert.throws(
    () => resolveLimits(set),
    (error) =>
      error instanceof HoldlineError &&
      error.code === 'ERR_OPTION_INVALID' &&
      about.test(error.detail ?? ''),
  )

test('what is not set comes from the base, and from the defaults without one', () => {
  assert.deepEqual(resolveLimits(), defaultLimits)
  const base = resolveLimits({ idleMs: 5, messageBytes: 10 })
  const limits = resolveLimits({ messageBytes: 20 }, base)
  assert.deepEqual([limits.idleMs, limits.messageBytes, limits.closeMs], [5, 20, 5_000])
  assert.ok(Object.isFrozen(limits))
  assert.equal(base.messageBytes, 10)
})

test('the low mark follows a high mark that is set below it', () => {
  assert.equal(resolveLimits({ highWaterBytes: 1_000 }).lowWaterBytes, 1_000)
  assert.equal(resolveLimits({ highWaterBytes: 100_000 }).lowWaterBytes, 16_384)
  refuses({ highWaterBytes: 10, lowWaterBytes: 11 }, /lowWaterBytes/)
  refuses({ lowWaterBytes: 65_537 }, /lowWaterBytes/)
})

test('the high mark follows a cap that is set below it, so that queued is said before 1013', () => {
  const limits = resolveLimits({ bufferedBytes: 1_000 })
  assert.deepEqual([limits.highWaterBytes, limits.lowWaterBytes], [1_000, 1_000])
  assert.equal(resolveLimits({ bufferedBytes: 100_000 }).highWaterBytes, 65_536)
  refuses({ bufferedBytes: 10, highWaterBytes: 11 }, /highWaterBytes/)
})

test('every limit is a whole number, above 0 where 0 would allow nothing', () => {
  for (const name of Object.keys(defaultLimits)) {
    const only = new RegExp(`limits\\.${name}\\b`)
    for (const value of [-1, 1.5, NaN, Infinity, '5', null, 2 ** 31, 5n]) {
      refuses({ [name]: value }, only)
    }
  }
  const unbounded = ['idleMs', 'connections', 'connectionsPerAddress', 'messagesPerSecond']
  for (const name of [...unbounded, 'bytesPerSecond', 'lowWaterBytes']) {
    assert.equal(resolveLimits({ [name]: 0 })[name as keyof Limits], 0)
  }
  const needed = ['messageBytes', 'headerBytes', 'handshakeMs', 'incompleteMessageMs', 'closeMs']
  for (const name of [...needed, 'bufferedBytes', 'highWaterBytes']) {
    refuses({ [name]: 0 }, new RegExp(name))
  }
})

test('names that are no limits are refused, those of every object included', () => {
  refuses({ messageByte: 1 }, /messageByte is not a limit/)
  refuses({ toString: 1 }, /toString/)
  refuses(JSON.parse('{"__proto__": 1}') as object, /__proto__/)
})
