// Chart: p50, p99 and p99.9 of each rival on one line, a group of lines per load.
import { valuesOf, type ScenarioResult } from '../results.ts'
import { median } from '../statistics.ts'
import { logScale, tickText } from './scale.ts'
import { seriesOf } from './series.ts'
import { chart, chartWidth, element, line, text } from './svg.ts'

const percentiles = [
  ['p50Us', 4],
  ['p99Us', 5.5],
  ['p999Us', 7],
] as const
const left = 150
const rowHeight = 22
const groupHead = 30

/** Undefined where no latencies were measured. */
export function latencyChart(
  title: string,
  scenarios: readonly ScenarioResult[],
  rivals: readonly string[],
): string | undefined {
  const groups = scenarios
    .map((scenario) => ({
      name: scenario.name,
      rows: scenario.results
        .filter(({ rounds }) => rounds.length > 0)
        .map((measured) => ({
          rival: measured.rival,
          values: percentiles.map(([key]) => median(valuesOf(measured, key))),
        })),
    }))
    .filter(({ rows }) => rows.length > 0)
  if (groups.length === 0) return undefined
  const top = 64
  const all = groups.flatMap(({ rows }) => rows.flatMap(({ values }) => values))
  const scale = logScale(all, left, chartWidth - 60)
  const body: string[] = []
  const marks: string[] = []
  let y = top
  for (const { name, rows } of groups) {
    marks.push(text(20, y + 20, name, { class: 'quiet' }))
    y += groupHead
    for (const { rival, values } of rows) {
      const middle = y + rowHeight / 2
      const series = seriesOf(rival, rivals)
      const places = values.map((value) => scale.at(value))
      marks.push(
        text(left - 12, middle + 4, rival, { 'text-anchor': 'end' }),
        element('line', {
          ...{ x1: places[0], y1: middle, x2: places[2], y2: middle, class: `l${series} spread` },
        }),
        ...percentiles.map(([key, r], index) => {
          const said = `${rival}, ${key}: ${values[index]!.toFixed(0)} µs`
          const place = { cx: places[index], cy: middle, r, class: `f${series}` }
          return element('circle', place, element('title', {}, said))
        }),
        text(places[2]! + 12, middle + 4, `${tickText(Math.round(values[1]!))}`, {
          class: 'quiet',
        }),
      )
      y += rowHeight
    }
  }
  for (const tick of scale.ticks) {
    body.push(line(scale.at(tick), top + 4, scale.at(tick), y, 'grid'))
    body.push(
      text(scale.at(tick), y + 18, tickText(tick), { 'text-anchor': 'middle', class: 'quiet' }),
    )
  }
  body.push(...marks)
  body.push(text((left + chartWidth) / 2, y + 38, 'µs, logarithmic', { 'text-anchor': 'middle' }))
  const subtitle = 'From small to large: p50, p99, p99.9. The number is p99. Medians of the rounds.'
  return chart(title, subtitle, y + 54, body)
}
