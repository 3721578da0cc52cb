// Chart: resident bytes per idle connection, a bar per rival.
import { valuesOf, type ScenarioResult } from '../results.ts'
import { summarize } from '../statistics.ts'
import { linearScale, tickText } from './scale.ts'
import { seriesOf } from './series.ts'
import { chart, chartWidth, element, line, text } from './svg.ts'

const left = 150
const rowHeight = 30
const barHeight = 18

/** Undefined where no memory was measured. */
export function memoryChart(
  scenario: ScenarioResult,
  rivals: readonly string[],
): string | undefined {
  const rows = scenario.results
    .filter(({ rounds }) => rounds.length > 0)
    .map((measured) => ({
      rival: measured.rival,
      ...summarize(valuesOf(measured, 'rssBytes')),
    }))
    .toSorted((a, b) => a.median - b.median)
  if (rows.length === 0) return undefined
  const top = 70
  const bottom = top + rows.length * rowHeight
  const scale = linearScale(
    rows.map(({ highest }) => highest),
    left,
    chartWidth - 90,
  )
  const body: string[] = []
  for (const tick of scale.ticks) {
    body.push(line(scale.at(tick), top, scale.at(tick), bottom, 'grid'))
    body.push(
      text(scale.at(tick), bottom + 18, tickText(tick), {
        'text-anchor': 'middle',
        class: 'quiet',
      }),
    )
  }
  for (const [index, { rival, median, lowest, highest }] of rows.entries()) {
    const y = top + index * rowHeight + (rowHeight - barHeight) / 2
    const middle = y + barHeight / 2
    // A server may have given back more than it took: there is no bar to the left of zero.
    const width = Math.max(1, scale.at(median) - left)
    const bar = {
      x: left,
      y,
      width,
      height: barHeight,
      rx: 2,
      class: `f${seriesOf(rival, rivals)}`,
    }
    body.push(
      text(left - 12, middle + 4, rival, { 'text-anchor': 'end' }),
      element('rect', bar),
      line(
        Math.max(left, scale.at(lowest)),
        middle,
        Math.max(left, scale.at(highest)),
        middle,
        'axis',
      ),
      text(Math.max(left, scale.at(highest)) + 8, middle + 4, tickText(Math.round(median))),
    )
  }
  body.push(line(left, top, left, bottom, 'axis'))
  const axis = 'resident bytes per connection'
  body.push(text((left + chartWidth) / 2, bottom + 38, axis, { 'text-anchor': 'middle' }))
  const subtitle = 'Median of fresh processes, the line is their spread. Less is better.'
  const title = `Resident bytes per connection: ${scenario.name}`
  return chart(title, subtitle, bottom + 54, body)
}
