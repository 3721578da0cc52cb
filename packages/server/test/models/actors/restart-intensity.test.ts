// Restarts within a period, as OTP counts them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RestartIntensity } from '../../../src/models/actors/restart-intensity.ts'

test('so many within the period, its edge included', () => {
  const restarts = new RestartIntensity(2, 100)
  const allowed = [0, 50, 100].map((nowMs) => restarts.allows(nowMs))
  assert.deepEqual(allowed, [true, true, false])
  const later = new RestartIntensity(2, 100)
  assert.deepEqual(
    [0, 50, 101, 151].map((nowMs) => later.allows(nowMs)),
    [true, true, true, true],
  )
  assert.equal(new RestartIntensity(0, 100).allows(0), false)
  const endless = new RestartIntensity(Infinity, 100)
  for (let i = 0; i < 50; i++) assert.equal(endless.allows(0), true)
})

test('any times: as counted anew each time', () => {
  const steps = fc.array(fc.nat({ max: 60 }), { maxLength: 40 })
  fc.assert(
    fc.property(
      steps,
      fc.nat({ max: 4 }),
      fc.integer({ min: 1, max: 99 }),
      (gaps, intensity, periodMs) => {
        const restarts = new RestartIntensity(intensity, periodMs)
        const all: number[] = []
        let nowMs = 0
        for (const gap of gaps) {
          nowMs += gap
          all.push(nowMs)
          const recent = all.filter((at) => at >= nowMs - periodMs)
          assert.equal(restarts.allows(nowMs), recent.length <= intensity)
        }
      },
    ),
  )
})

test('what is no count, and no period: ERR_OPTION_INVALID', () => {
  for (const [intensity, periodMs] of [
    [-1, 1],
    [0.5, 1],
    [NaN, 1],
    [1, 0],
    [1, -1],
    [1, NaN],
  ] as const) {
    assert.throws(() => new RestartIntensity(intensity, periodMs), { code: 'ERR_OPTION_INVALID' })
  }
})
