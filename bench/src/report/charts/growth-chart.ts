// Chart: one figure of the echo as the number of connections grows, a line per rival; both axes are logarithmic.
import { resultOf, valuesOf, type Metric, type ScenarioResult } from '../results.ts'
import { median } from '../statistics.ts'
import { logScale, tickText } from './scale.ts'
import { legend, legendHeight, marker, seriesOf } from './series.ts'
import { chart, chartWidth, element, line, text } from './svg.ts'

export interface GrowthChartOptions {
  readonly title: string
  readonly subtitle: string
  readonly metricKey: string
  readonly rivals: readonly string[]
  /** Echoes that differ in the number of connections alone. */
  readonly scenarios: readonly ScenarioResult[]
}

interface Point {
  readonly connectionCount: number
  readonly value: number
}

const plotHeight = 320
const left = 70

/** Undefined where there are fewer than two points to join. */
export function growthChart(options: GrowthChartOptions): string | undefined {
  const { scenarios, metricKey } = options
  const metric = scenarios[0]?.metrics.find(({ key }) => key === metricKey)
  const lines = options.rivals
    .map((rival) => ({ rival, points: pointsOf(scenarios, rival, metricKey) }))
    .filter(({ points }) => points.length > 1)
  if (metric === undefined || lines.length === 0) return undefined
  const all = lines.flatMap(({ points }) => points)
  const rivals = lines.map(({ rival }) => rival)
  const top = 76 + legendHeight(rivals.length)
  const bottom = top + plotHeight
  const counts = [...new Set(all.map(({ connectionCount }) => connectionCount))]
  const x = logScale(counts, left, chartWidth - 40)
  const y = logScale(
    all.map(({ value }) => value),
    bottom,
    top,
  )
  const body = [...legend(rivals, options.rivals, 74)]
  for (const tick of y.ticks) {
    body.push(line(left, y.at(tick), chartWidth - 40, y.at(tick), 'grid'))
    body.push(
      text(left - 8, y.at(tick) + 4, tickText(tick), { 'text-anchor': 'end', class: 'quiet' }),
    )
  }
  // The counts that were measured are the marks.
  for (const count of counts) {
    body.push(line(x.at(count), top, x.at(count), bottom, 'grid'))
    body.push(
      text(x.at(count), bottom + 18, tickText(count), { 'text-anchor': 'middle', class: 'quiet' }),
    )
  }
  body.push(line(left, bottom, chartWidth - 40, bottom, 'axis'))
  for (const { rival, points } of lines) body.push(...lineOf(rival, points, metric))
  body.push(text((left + chartWidth) / 2, bottom + 38, 'connections', { 'text-anchor': 'middle' }))
  body.push(
    text(0, 0, metric.label, {
      transform: `translate(22 ${(top + bottom) / 2}) rotate(-90)`,
      'text-anchor': 'middle',
    }),
  )
  return chart(options.title, options.subtitle, bottom + 54, body)

  function lineOf(rival: string, points: readonly Point[], { label, digits }: Metric): string[] {
    const series = seriesOf(rival, options.rivals)
    const places = points.map(({ connectionCount, value }) => [x.at(connectionCount), y.at(value)])
    const d = places.map(
      ([px, py], index) => `${index === 0 ? 'M' : 'L'}${px!.toFixed(1)} ${py!.toFixed(1)}`,
    )
    const markers = points.map(({ connectionCount, value }, index) => {
      const said = `${rival}, ${tickText(connectionCount)} connections: ${value.toFixed(digits)} ${label}`
      return marker(places[index]![0]!, places[index]![1]!, series, said)
    })
    return [element('path', { d: d.join(''), class: `l${series}` }), ...markers]
  }
}

function pointsOf(scenarios: readonly ScenarioResult[], rival: string, key: string): Point[] {
  return scenarios
    .map((scenario) => ({
      connectionCount: Number(scenario.parameters['connectionCount']),
      value: median(valuesOf(resultOf(scenario, rival), key)),
    }))
    .filter(({ value }) => Number.isFinite(value) && value > 0)
    .toSorted((a, b) => a.connectionCount - b.connectionCount)
}
