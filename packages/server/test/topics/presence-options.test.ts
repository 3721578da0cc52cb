// What may be set for presence.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolvePresence } from '../../src/topics/presence-options.ts'

test('the defaults, and what is set', () => {
  const defaults = { leaseMs: 10_000, graceMs: 0, stateBytes: 1_024, entries: 100_000 }
  assert.deepEqual(resolvePresence(), defaults)
  assert.deepEqual(resolvePresence({ graceMs: 5_000 }), { ...defaults, graceMs: 5_000 })
})

test('options out of range are refused', () => {
  for (const options of [
    { leaseMs: 99 },
    { leaseMs: 1.5 },
    { leaseMs: 2 ** 31 },
    { graceMs: -1 },
    { stateBytes: 0 },
    { entries: 0 },
    { wrong: 1 },
  ]) {
    assert.throws(() => resolvePresence(options), { code: 'ERR_OPTION_INVALID' })
  }
})
