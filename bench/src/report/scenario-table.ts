// The table of one scenario for the terminal: a row per rival, a column per metric and per ratio.
import { comparedMetrics, ratioOf } from './ratios.ts'
import { resultOf, valuesOf, type Metric, type ScenarioResult } from './results.ts'
import { summarize, type Summary } from './statistics.ts'
import { formatCount, formatDecimal, type Table } from './table.ts'

/** Ratios are held against the rival named `against`; below 1 is better than it. */
export function scenarioTable(scenario: ScenarioResult, against: string): Table {
  const notes = [...scenario.notes]
  if (scenario.skipped !== undefined) {
    return { title: scenario.name, columns: [scenario.skipped], rows: [], notes }
  }
  const compared = comparedMetrics(scenario)
  const rows = scenario.results.map((measured) => [
    measured.rival,
    ...scenario.metrics.map((metric) =>
      measured.rounds.length === 0
        ? 'failed'
        : figureText(summarize(valuesOf(measured, metric.key)), metric),
    ),
    ...compared.map((metric) =>
      spreadText(
        ratioOf(measured, resultOf(scenario, measured.against ?? against), metric),
        (value) => formatDecimal(value, 2),
      ),
    ),
  ])
  for (const { rival, failure, against: other, notes: own } of scenario.results) {
    if (failure !== undefined) notes.push(`${rival} failed: ${failure}`)
    if (other !== undefined) notes.push(`${rival} is held against '${other}'`)
    for (const note of own) notes.push(`${rival}: ${note}`)
  }
  return {
    title: scenario.name,
    columns: [
      '',
      ...scenario.metrics.map(({ label }) => label),
      ...compared.map(({ label }) => `${shortLabel(label)}, ${against} = 1`),
    ],
    rows,
    notes,
  }
}

/** With its spread where that matters: for figures that are compared. */
export function figureText(summary: Summary, metric: Metric): string {
  const format = (value: number): string =>
    metric.digits === 0 ? formatCount(value) : formatDecimal(value, metric.digits)
  return metric.better === undefined ? format(summary.median) : spreadText(summary, format)
}

export function spreadText(summary: Summary, format: (value: number) => string): string {
  if (!Number.isFinite(summary.median)) return '–'
  return `${format(summary.median)} (${format(summary.lowest)}–${format(summary.highest)})`
}

function shortLabel(label: string): string {
  return label.split(/[ /]/)[0] ?? label
}
