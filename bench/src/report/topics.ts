// Puts the figures of topics and brokers into docs/guide/delivery.md, between its marks.
import { bareTopic } from '../process/topic-rivals.ts'
import { byteText, countText } from '../scenarios/figures.ts'
import { markdownTable } from './markdown.ts'
import {
  oneVersionMachineText,
  rewritePage,
  withMeasuredParts,
  withNotes,
} from './measured-parts.ts'
import { ratioOf } from './ratios.ts'
import {
  resultOf,
  valuesOf,
  type Metric,
  type Report,
  type ScenarioKind,
  type ScenarioResult,
} from './results.ts'
import { figureText, spreadText } from './scenario-table.ts'
import { summarize } from './statistics.ts'
import { formatCount, formatDecimal } from './table.ts'

export const topicsSuiteName = 'topics'

/** The ways that are held against the bare one, as the page calls them. */
const ways: Readonly<Record<string, string>> = {
  history: 'with history',
  'line-json': 'on `holdline.v1`',
  'line-msgpack': 'on `holdline.v1.msgpack`',
}

/** Writes the tables into the page. Returns its file. */
export function writeTopics(report: Report, root: string): string[] {
  const page = `${root}docs/guide/delivery.md`
  rewritePage(root, page, (text) => topicsPage(report, text))
  return [page]
}

/** The page with what stands between its marks made anew. */
export function topicsPage(report: Report, page: string): string {
  const ofKind = (kind: ScenarioKind): ScenarioResult[] =>
    report.scenarios.filter((scenario) => scenario.kind === kind)
  const fanOut = ofKind('fan-out')
  return withMeasuredParts(page, {
    machine: oneVersionMachineText(report),
    cpu: fanOutTable(fanOut, 'cpuUs', 'CPU µs', (cpuUs) => cpuUs),
    wall: fanOutTable(fanOut, 'perSecond', 'µs', (perSecond) => 1e6 / perSecond),
    acknowledgement: acknowledgementTable(ofKind('acknowledgement')),
    workers: workersTable(ofKind('between-workers')),
    storm: stormTable(ofKind('resume-storm')),
  })
}

/** A row per scenario: what a bare delivery costs, and how many times that the others do. */
function fanOutTable(
  scenarios: readonly ScenarioResult[],
  key: string,
  unit: string,
  costOf: (value: number) => number,
): string {
  const decimal = (value: number): string => formatDecimal(value, 2)
  const rows = scenarios.map((scenario) => {
    const { subscribersPerTopic, inFlight, payloadBytes } = scenario.parameters
    const metric = scenario.metrics.find((each) => each.key === key)!
    const bare = resultOf(scenario, bareTopic)
    return [
      `${countText(Number(subscribersPerTopic))} subscribers, ${byteText(Number(payloadBytes))}, ${inFlight} at once`,
      spreadText(summarize(valuesOf(bare, key).map(costOf)), decimal),
      ...Object.keys(ways).map((way) =>
        spreadText(ratioOf(resultOf(scenario, way), bare, metric), (value) => `${decimal(value)}×`),
      ),
    ]
  })
  const columns = ['', `bare: ${unit} a delivery`, ...Object.values(ways)]
  return withNotes(markdownTable(columns, rows), scenarios)
}

/** A row per broker, and per way to ask its server without Holdline. */
function acknowledgementTable(scenarios: readonly ScenarioResult[]): string {
  const rows = scenarios.flatMap((scenario) => {
    const [p50, p99] = scenario.metrics as readonly [Metric, Metric]
    return scenario.results.map((measured) => {
      if (measured.rounds.length === 0) return [measured.rival, 'failed', '', '']
      const { against } = measured
      const ratio = ratioOf(measured, resultOf(scenario, against ?? ''), p50)
      const times = spreadText(ratio, (value) => `${formatDecimal(value, 2)}×`)
      return [
        measured.rival,
        ...[p50, p99].map((metric) =>
          figureText(summarize(valuesOf(measured, metric.key)), metric),
        ),
        against === undefined ? '' : times,
      ]
    })
  })
  const references = scenarios.flatMap(({ results }) =>
    results.flatMap(({ rival, against }) =>
      against === undefined ? [] : [`- ${rival} is held against “${against}”`],
    ),
  )
  const table = markdownTable(['', 'p50 µs', 'p99 µs', 'p50, its server = 1'], rows)
  return [withNotes(table, scenarios), ...references].join('\n')
}

function stormTable(scenarios: readonly ScenarioResult[]): string {
  const rows = scenarios.flatMap((scenario) =>
    scenario.results.map((measured) => [
      ways[measured.rival] ?? measured.rival,
      ...scenario.metrics.map((metric) =>
        measured.rounds.length === 0
          ? 'failed'
          : figureText(summarize(valuesOf(measured, metric.key)), metric),
      ),
    ]),
  )
  const labels = scenarios[0]?.metrics.map(({ label }) => label) ?? []
  return withNotes(markdownTable(['', ...labels], rows), scenarios)
}

function workersTable(scenarios: readonly ScenarioResult[]): string {
  const rows = scenarios.flatMap(({ results }) =>
    results.map((measured) => {
      if (measured.rounds.length === 0) return [measured.rival, 'failed', '', '', '']
      const sum = (key: string): string =>
        formatCount(valuesOf(measured, key).reduce((total, value) => total + value, 0))
      const rate = spreadText(summarize(valuesOf(measured, 'perSecond')), formatCount)
      return [measured.rival, rate, sum('count'), sum('lostCount'), sum('disorderCount')]
    }),
  )
  const columns = ['', 'publications/s', 'published', 'lost', 'out of order']
  return withNotes(markdownTable(columns, rows), scenarios)
}
