import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findLosses, ratioOf } from '../../src/report/ratios.ts'
import type { Measured, Metric } from '../../src/report/results.ts'
import { sampleReport } from './sample-report.ts'

const measured = (value: number): Measured => ({
  rival: 'x',
  rounds: [{ value }, { value: value * 2 }],
  notes: [],
})
const metric = (better: 'lower' | 'higher'): Metric => ({
  ...{ key: 'value', label: 'value', digits: 0, better },
})

test('below 1 is better, whether the figure should be low or high', () => {
  assert.equal(ratioOf(measured(2), measured(4), metric('lower')).median, 0.5)
  assert.equal(ratioOf(measured(2), measured(4), metric('higher')).median, 2)
})

test('without figures there is no ratio', () => {
  assert.ok(Number.isNaN(ratioOf(undefined, measured(4), metric('lower')).median))
})

test('losses are exactly the points at which a rival is ahead, the worst first', () => {
  const losses = findLosses(sampleReport)
  assert.deepEqual(
    losses.map(({ holdline, rival, scenario, metric: { key } }) =>
      [holdline, rival, scenario.slice(0, 12), key].join(' '),
    ),
    [
      'holdline-uring bun latency, at  p999Us',
      'holdline-uring bun latency, at  p99Us',
      'holdline-node bun echo, 1 conn cpuUs',
      'holdline-node bun echo, 1 conn perSecond',
      'holdline-node bun echo, 1000 c cpuUs',
      'holdline-node bun echo, 1000 c perSecond',
    ],
  )
  assert.deepEqual(
    losses.slice(2, 4).map(({ isDoubtful }) => isDoubtful),
    [false, true],
  )
})
