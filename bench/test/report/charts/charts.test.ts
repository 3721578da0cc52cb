import assert from 'node:assert/strict'
import { test } from 'node:test'
import { growthChart } from '../../../src/report/charts/growth-chart.ts'
import { latencyChart } from '../../../src/report/charts/latency-chart.ts'
import { memoryChart } from '../../../src/report/charts/memory-chart.ts'
import { headlineMetric, ratioChart } from '../../../src/report/charts/ratio-chart.ts'
import { rivalsOf } from '../../../src/report/charts/series.ts'
import { sampleReport } from '../sample-report.ts'

const { scenarios } = sampleReport
const rivals = rivalsOf(sampleReport)
const echoes = scenarios.filter(({ kind }) => kind === 'echo')
const memory = scenarios.find(({ kind }) => kind === 'idle-memory')!
const latency = scenarios.find(({ kind }) => kind === 'latency')!

/** Every element that is opened is closed, in order, and no attribute is without a value that can be drawn. */
function assertWellFormed(svg: string): void {
  const open: string[] = []
  for (const [tag, slash, name, , alone] of svg.matchAll(
    /<(\/?)([a-z]+)((?:"[^"]*"|[^">])*?)(\/?)>/g,
  )) {
    if (slash === '/') assert.equal(open.pop(), name, tag)
    else if (alone !== '/') open.push(name)
  }
  assert.deepEqual(open, [])
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/)
}

const charts = {
  ratios: ratioChart({ title: 'Ratios', subject: 'holdline-uring', rivals, scenarios }),
  growth: growthChart({
    ...{ title: 'Growth', subtitle: 'of it', metricKey: 'cpuUs', rivals },
    scenarios: echoes,
  }),
  latency: latencyChart('Latency', [latency], rivals),
  memory: memoryChart(memory, rivals),
}

for (const [name, svg] of Object.entries(charts)) {
  test(`the chart of ${name} is well formed, has labelled axes and both themes`, () => {
    assert.ok(svg !== undefined)
    assertWellFormed(svg)
    assert.match(svg, /prefers-color-scheme:dark/)
    assert.match(svg, /<title>/)
    assert.match(
      svg,
      /CPU µs\/message|µs, logarithmic|resident bytes per connection|logarithmic; left/,
    )
  })
}

test('ratios: a mark for each rival and scenario, Holdlines are no rivals, and there is a line at 1', () => {
  const svg = charts.ratios!
  assert.match(svg, /1000 connections, 20 B binary, ws: 0\.40/)
  assert.match(svg, /1000 connections, 20 B binary, bun: 0\.80/)
  assert.match(svg, /p99, bun: 3\.00/)
  assert.doesNotMatch(svg, /holdline-node/)
  assert.match(svg, /class="one"/)
})

test('ratios: a mark left of the line is a ratio below 1', () => {
  const svg = charts.ratios!
  const one = Number(/<line x1="([\d.]+)"[^>]*class="one"/.exec(svg)![1])
  const placeOf = (said: string): number => {
    const found = new RegExp(`translate\\(([\\d.]+) [\\d.]+\\)"[^>]*><title>[^<]*${said}`).exec(svg)
    return Number(found![1])
  }
  assert.ok(placeOf('ws: 0\\.40') < placeOf('bun: 0\\.80'))
  assert.ok(placeOf('bun: 0\\.80') < one)
  assert.ok(placeOf('p99, bun: 3\\.00') > one)
})

test('growth: a line for each rival', () => {
  assert.equal(charts.growth!.match(/<path d="M[\d.]+ [\d.]+L/g)?.length, 4)
})

test('memory: a bar for each that has figures, the smallest first', () => {
  const svg = charts.memory!
  assert.equal(svg.match(/rx="2"/g)?.length, 2)
  assert.ok(svg.indexOf('>holdline-uring<') < svg.indexOf('>ws<'))
})

test('nothing to show is no chart', () => {
  const nothing = { title: '', subtitle: '', metricKey: 'cpuUs', rivals, scenarios: [] }
  assert.equal(ratioChart({ ...nothing, subject: 'holdline-uring' }), undefined)
  assert.equal(growthChart(nothing), undefined)
  assert.equal(latencyChart('', [], rivals), undefined)
  assert.equal(memoryChart({ ...memory, results: [] }, rivals), undefined)
})

test('for latency the 99th percentile stands, elsewhere the first figure that is compared', () => {
  assert.equal(headlineMetric(latency)?.key, 'p99Us')
  assert.equal(headlineMetric(memory)?.key, 'rssBytes')
})
