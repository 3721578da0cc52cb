// Puts the figures of the programming models into docs/guide/models.md, between its marks. What stands around them is
// prose, written by hand.
import { markdownTable } from './markdown.ts'
import {
  oneVersionMachineText,
  rewritePage,
  withMeasuredParts,
  withNotes,
} from './measured-parts.ts'
import {
  resultOf,
  valuesOf,
  type Report,
  type ScenarioKind,
  type ScenarioResult,
} from './results.ts'
import { median, summarize, summarizeRatios } from './statistics.ts'
import { spreadText } from './scenario-table.ts'
import { formatCount, formatDecimal } from './table.ts'

export const modelsSuiteName = 'models'

/** A whole number of connections is computed for a machine of this size. */
const memoryBytes = 24 * 2 ** 30

/** Writes the tables into the page. Returns its file. */
export function writeModels(report: Report, root: string): string[] {
  const page = `${root}docs/guide/models.md`
  rewritePage(root, page, (text) => modelsPage(report, text))
  return [page]
}

/** The page with what stands between `<!-- measured: name -->` and `<!-- /measured -->` made anew. */
export function modelsPage(report: Report, page: string): string {
  const ofKind = (kind: ScenarioKind): ScenarioResult[] =>
    report.scenarios.filter((scenario) => scenario.kind === kind)
  const parts: Readonly<Record<string, string>> = {
    machine: oneVersionMachineText(report),
    cost: costTable(report, ofKind('echo')),
    memory: memoryTable(report, ofKind('idle-memory')),
    slow: slowTable(report, ofKind('slow-handler')),
    blocked: brokenTable(report, ofKind('blocked-handler')),
    crash: brokenTable(report, ofKind('crash')),
    libraries: libraryTable(ofKind('in-process')),
  }
  return withMeasuredParts(page, parts)
}

function modelsOf(report: Report): string[] {
  return Object.keys(report.environment.rivals)
}

/** CPU per echo, and over the bare contract; a column pair per number of connections. */
function costTable(report: Report, scenarios: readonly ScenarioResult[]): string {
  const columns = scenarios.flatMap(({ parameters }) => [
    `${formatCount(Number(parameters['connectionCount']))} connections, CPU µs/message`,
    'over bare',
  ])
  const decimal = (value: number): string => formatDecimal(value, 2)
  const rows = modelsOf(report).map((model) => [
    nameOf(model),
    ...scenarios.flatMap((scenario) => {
      const measured = resultOf(scenario, model)
      const own = valuesOf(measured, 'cpuUs')
      const bare = valuesOf(resultOf(scenario, report.against), 'cpuUs')
      if (isPartial(scenario, model)) return ['–', '–']
      return [
        spreadText(summarize(own), decimal),
        `${spreadText(summarizeRatios(own, bare), decimal)}`,
      ]
    }),
  ])
  return withNotes(markdownTable(['', ...columns], rows), scenarios)
}

function memoryTable(report: Report, scenarios: readonly ScenarioResult[]): string {
  const scenario = scenarios[0]
  if (scenario === undefined) return 'Not measured.'
  const middle = (model: string, key: string): number =>
    median(valuesOf(resultOf(scenario, model), key))
  const bareBytes = middle(report.against, 'rssBytes')
  const rows = modelsOf(report).map((model) => {
    const bytes = middle(model, 'rssBytes')
    // Both ends of a line are on this machine; a server has one of them.
    const kernelBytes = middle(report.against, 'kernelBytes') / 2
    const baselineBytes = middle(model, 'baselineMib') * 2 ** 20
    return [
      nameOf(model),
      formatCount(bytes),
      model === report.against ? '' : formatCount(bytes - bareBytes),
      formatCount(kernelBytes),
      roundedCount((memoryBytes - baselineBytes) / (bytes + kernelBytes)),
    ]
  })
  const held = formatCount(Number(scenario.parameters['connectionCount']))
  const columns = [
    ...['', 'resident bytes/connection', 'above bare'],
    ...["the kernel's bytes/connection", 'connections in 24 GiB (computed)'],
  ]
  const note =
    `- ${held} connections held. The kernel's bytes are half of what it keeps for both ends of a line. The last ` +
    'column is computed, not measured: what is left of 24 GiB beside an empty server, divided by both.'
  return `${withNotes(markdownTable(columns, rows), scenarios)}\n${note}`
}

/** A row per model; p99 and the worst for each trouble. */
function slowTable(report: Report, scenarios: readonly ScenarioResult[]): string {
  const columns = scenarios.flatMap((scenario) => {
    const title = scenario.name.split(': ').at(-1)!
    return [`${title}: p99 ms`, 'worst ms']
  })
  const ms = (scenario: ScenarioResult, model: string, key: string): string => {
    const measured = resultOf(scenario, model)
    if (measured === undefined || measured.rounds.length === 0) return 'failed'
    return formatDecimal(median(valuesOf(measured, key)) / 1000, 1)
  }
  const rows = modelsOf(report).map((model) => [
    nameOf(model),
    ...scenarios.flatMap((scenario) => [
      ms(scenario, model, 'p99Us'),
      ms(scenario, model, 'highestUs'),
    ]),
  ])
  return withNotes(markdownTable(['', ...columns], rows), scenarios)
}

/** A row per model, a column per metric. */
function brokenTable(report: Report, scenarios: readonly ScenarioResult[]): string {
  const scenario = scenarios[0]
  if (scenario === undefined) return 'Not measured.'
  const rows = modelsOf(report).map((model) => {
    const round = resultOf(scenario, model)?.rounds[0]
    return [
      nameOf(model),
      ...scenario.metrics.map(({ key, digits }) => {
        const value = round?.[key]
        if (round === undefined) return 'failed'
        if (value === undefined || value === null || !Number.isFinite(value)) return 'never'
        if (key === 'closeCode')
          return value === 0 ? 'an error as its reply' : `close code ${value}`
        const of = key.endsWith('Count') ? ` of ${round['otherCount'] ?? '?'}` : ''
        return `${formatDecimal(value, digits)}${of}`
      }),
    ]
  })
  const labels = scenario.metrics.map(({ label }) => label)
  return withNotes(markdownTable(['', ...labels], rows), scenarios)
}

function libraryTable(scenarios: readonly ScenarioResult[]): string {
  const rows = scenarios.flatMap(({ results }) =>
    results.map(({ rival, rounds }) => {
      const perSecond = summarize(rounds.map((round) => round['perSecond'] ?? Number.NaN))
      return [rival, rounds.length === 0 ? 'failed' : spreadText(perSecond, millions)]
    }),
  )
  return withNotes(markdownTable(['', 'million a second'], rows), scenarios)
}

/** Whether the model had fewer connections than the others: then it is not compared with them. */
function isPartial(scenario: ScenarioResult, model: string): boolean {
  return (
    resultOf(scenario, model)?.notes.some((note) => note.includes('as many as it takes')) ?? true
  )
}

function nameOf(model: string): string {
  return model === 'behavior' ? 'bare `Behavior`' : model
}

/** Two digits that count: more would claim too much of what is computed. */
function roundedCount(count: number): string {
  if (!Number.isFinite(count)) return '–'
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 1)
  return formatCount(Math.floor(count / unit) * unit)
}

function millions(value: number): string {
  const digits = value < 1_000_000 ? 2 : 1
  return formatDecimal(value / 1_000_000, digits)
}
