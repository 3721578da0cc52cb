// Chart: what a message costs on one Holdline beside each rival, a row per scenario, a line at 1.
import { isHoldline, ratioOf } from '../ratios.ts'
import { resultOf, type Metric, type ScenarioResult } from '../results.ts'
import type { Summary } from '../statistics.ts'
import { logScale, tickText } from './scale.ts'
import { legend, legendHeight, marker, seriesOf } from './series.ts'
import { chart, chartWidth, element, line, text } from './svg.ts'

export interface RatioChartOptions {
  readonly title: string
  /** The Holdline whose figures are divided by those of each rival. */
  readonly subject: string
  readonly rivals: readonly string[]
  readonly scenarios: readonly ScenarioResult[]
}

interface Row {
  readonly label: string
  readonly points: readonly { readonly rival: string; readonly ratio: Summary }[]
}

const labelWidth = 350
const rowHeight = 20

/** Undefined where there is nothing to show. */
export function ratioChart(options: RatioChartOptions): string | undefined {
  const { title, subject, scenarios } = options
  const others = options.rivals.filter((rival) => !isHoldline(rival))
  const rows = scenarios.flatMap((scenario) => rowOf(scenario, subject, others))
  if (rows.length === 0) return undefined
  const seen = others.filter((rival) =>
    rows.some(({ points }) => points.some((point) => point.rival === rival)),
  )
  const top = 70 + legendHeight(seen.length)
  const bottom = top + rows.length * rowHeight
  const medians = rows.flatMap(({ points }) => points.map(({ ratio }) => ratio.median))
  const scale = logScale([...medians, 0.9, 1.1], labelWidth + 10, chartWidth - 30)
  const left = scale.at(scale.ticks[0]!)
  const right = scale.at(scale.ticks.at(-1)!)
  const inside = (value: number): number => Math.max(left - 6, Math.min(right + 6, scale.at(value)))
  const body = [...legend(seen, options.rivals, 74)]
  for (const tick of scale.ticks) {
    body.push(line(scale.at(tick), top, scale.at(tick), bottom, 'grid'))
    body.push(
      text(scale.at(tick), bottom + 18, tickText(tick), {
        'text-anchor': 'middle',
        class: 'quiet',
      }),
    )
  }
  body.push(line(scale.at(1), top - 6, scale.at(1), bottom + 4, 'one'))
  for (const [index, { label, points }] of rows.entries()) {
    const y = top + (index + 0.5) * rowHeight
    body.push(text(labelWidth, y + 4, label, { 'text-anchor': 'end' }))
    for (const { rival, ratio } of points) {
      const series = seriesOf(rival, options.rivals)
      const said = `${label}, ${rival}: ${ratio.median.toFixed(2)}`
      body.push(
        element('line', {
          ...{ x1: inside(ratio.lowest), y1: y, x2: inside(ratio.highest), y2: y },
          class: `l${series} spread`,
        }),
        marker(inside(ratio.median), y, series, said),
      )
    }
  }
  const axis = `${subject} ÷ rival, logarithmic; left of 1 Holdline is ahead`
  body.push(text((left + right) / 2, bottom + 38, axis, { 'text-anchor': 'middle' }))
  const subtitle = 'Median of the ratios of neighbouring rounds; the bar is their spread.'
  return chart(title, subtitle, bottom + 54, body)
}

function rowOf(scenario: ScenarioResult, subject: string, rivals: readonly string[]): Row[] {
  const metric = headlineMetric(scenario)
  if (metric === undefined) return []
  const own = resultOf(scenario, subject)
  const points = rivals
    .map((rival) => ({ rival, ratio: ratioOf(own, resultOf(scenario, rival), metric) }))
    .filter(({ ratio }) => Number.isFinite(ratio.median) && ratio.median > 0)
  if (points.length === 0) return []
  return [{ label: labelOf(scenario, metric), points }]
}

/** The figure that stands for a scenario: for latency the 99th percentile, elsewhere the first that is compared. */
export function headlineMetric(scenario: ScenarioResult): Metric | undefined {
  const compared = scenario.metrics.filter(({ better }) => better !== undefined)
  return compared.find(({ key }) => key === 'p99Us') ?? compared[0]
}

/** What is the same in all rows is left out: of echoes, that it is the CPU that is compared. */
function labelOf(scenario: ScenarioResult, metric: Metric): string {
  const name = scenario.name
    .replace(/^echo, /, '')
    .replace(/^latency, .*, at/, 'latency at')
    .replace(' of what each can do', '')
    .replace(/, 64 B binary$/, '')
    .replace(/^idle memory, (.*) connections held$/, 'idle, $1 connections')
  return scenario.kind === 'echo' ? name : `${name}: ${shortLabels[metric.key] ?? metric.label}`
}

const shortLabels: Readonly<Record<string, string>> = {
  cpuUs: 'CPU',
  backMs: 'time',
  p99Us: 'p99',
  rssBytes: 'bytes',
}
