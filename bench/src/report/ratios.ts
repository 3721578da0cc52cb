// Ratios between two rivals, round by round, turned so that below 1 is better whatever the metric.
import {
  resultOf,
  valuesOf,
  type Measured,
  type Metric,
  type Report,
  type ScenarioResult,
} from './results.ts'
import { summarizeRatios, type Summary } from './statistics.ts'

/** Below 1: `measured` is better than `reference`. Not a number where one of them has no figures. */
export function ratioOf(
  measured: Measured | undefined,
  reference: Measured | undefined,
  metric: Metric,
): Summary {
  const own = valuesOf(measured, metric.key)
  const other = valuesOf(reference, metric.key)
  return metric.better === 'higher' ? summarizeRatios(other, own) : summarizeRatios(own, other)
}

export function isHoldline(rival: string): boolean {
  return rival.startsWith('holdline')
}

export function comparedMetrics(scenario: ScenarioResult): Metric[] {
  return scenario.metrics.filter(({ better }) => better !== undefined)
}

/** A point at which a rival is ahead of Holdline. */
export interface Loss {
  readonly scenario: string
  readonly metric: Metric
  readonly holdline: string
  readonly rival: string
  readonly ratio: Summary
  /** Whether the spread of the rounds reaches down to 1. */
  readonly isClose: boolean
  /** Where the generator set the pace of either, a rate says little. */
  readonly isDoubtful: boolean
}

/** Every point where the median ratio of a Holdline to a rival is above 1, the worst first. */
export function findLosses(report: Report): Loss[] {
  const losses: Loss[] = []
  for (const scenario of report.scenarios) {
    for (const own of scenario.results.filter(({ rival }) => isHoldline(rival))) {
      for (const other of scenario.results.filter(({ rival }) => !isHoldline(rival))) {
        for (const metric of comparedMetrics(scenario)) {
          const ratio = ratioOf(own, resultOf(scenario, other.rival), metric)
          if (!(ratio.median > 1)) continue
          losses.push({
            scenario: scenario.name,
            metric,
            holdline: own.rival,
            rival: other.rival,
            ratio,
            isClose: ratio.lowest <= 1,
            isDoubtful:
              metric.better === 'higher' && (own.notes.length > 0 || other.notes.length > 0),
          })
        }
      }
    }
  }
  return losses.toSorted((a, b) => b.ratio.median - a.ratio.median)
}
