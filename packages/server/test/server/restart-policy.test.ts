import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RestartPolicy } from '../../src/server/restart-policy.ts'

const options = { intensity: 3, periodMs: 1_000, backoffMs: 10, maxBackoffMs: 50 }

test('the pause doubles for a slot that keeps ending, up to the longest', () => {
  const policy = new RestartPolicy({ ...options, intensity: 10 })
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((ms) => policy.ended(0, ms)),
    [10, 20, 40, 50, 50],
  )
})

test('the pause is short again after a period without a restart of the slot', () => {
  const policy = new RestartPolicy(options)
  assert.equal(policy.ended(0, 0), 10)
  assert.equal(policy.ended(0, 999), 20)
  assert.equal(policy.ended(0, 1_999), 10)
})

test('slots have their own pauses and one intensity together', () => {
  const policy = new RestartPolicy(options)
  assert.deepEqual(
    [0, 1, 2, 3].map((slot) => policy.ended(slot, 0)),
    [10, 10, 10, null],
  )
})

test('intensity 0 allows no restart', () => {
  assert.equal(new RestartPolicy({ ...options, intensity: 0 }).ended(0, 0), null)
})

test('property: no period holds more restarts than the intensity, and none is refused without need', () => {
  const ends = fc.array(fc.record({ slot: fc.nat(3), afterMs: fc.nat(600) }), { maxLength: 100 })
  fc.assert(
    fc.property(ends, fc.nat(5), (events, intensity) => {
      const policy = new RestartPolicy({ ...options, intensity })
      const restartsMs: number[] = []
      let nowMs = 0
      for (const { slot, afterMs } of events) {
        nowMs += afterMs
        const inPeriod = restartsMs.filter((ms) => nowMs - ms < options.periodMs).length
        const pauseMs = policy.ended(slot, nowMs)
        assert.equal(pauseMs === null, inPeriod >= intensity)
        if (pauseMs === null) continue
        assert.ok(pauseMs >= options.backoffMs && pauseMs <= options.maxBackoffMs)
        restartsMs.push(nowMs)
      }
    }),
  )
})
