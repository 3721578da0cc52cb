// Tables for docs/performance.md: a row per scenario, a column per rival. Knows the report, not where it goes.
import { comparedMetrics, findLosses, isHoldline, type Loss } from './ratios.ts'
import {
  resultOf,
  valuesOf,
  type Metric,
  type Report,
  type ScenarioKind,
  type ScenarioResult,
} from './results.ts'
import { spreadText } from './scenario-table.ts'
import { summarize } from './statistics.ts'
import { formatCount, formatDecimal } from './table.ts'

const headings: Readonly<Record<ScenarioKind, string>> = {
  echo: 'Echo',
  'fan-out': 'Fan-out: one publisher, many subscribers',
  topics: 'Many small topics',
  handshakes: 'Handshakes',
  storm: 'Reconnect storm',
  latency: 'Latency at a fixed rate',
  'idle-memory': 'Idle memory',
  'two-processes': 'Two processes on two cores',
  'slow-handler': 'What a slow handler does to others',
  'blocked-handler': 'What a handler that never returns does to others',
  crash: 'What a crash does to others',
  'in-process': 'Within a process',
  acknowledgement: 'Publish until acknowledged',
  'between-workers': 'From worker to worker',
  'resume-storm': 'All come back with their cursors',
}

/** Shown although no rival is better for it: what the kernel keeps. */
const shownKeys = new Set(['kernelBytes'])
/** Marks a rate that the generator, not the server, set. */
const doubtMark = '†'

export function machineText(report: Report): string {
  const { environment, settings } = report
  const rivals = Object.entries(environment.rivals).map(([name, version]) => `${name} ${version}`)
  const memoryGib = Math.round(environment.memoryBytes / 2 ** 30)
  const missing = Object.entries(report.missing).map(([name, why]) => `${name} (${why})`)
  const lines = [
    `${environment.cores} cores (${environment.machine}), ${memoryGib} GiB, ${environment.kernel}, Node ${environment.node}; commit ` +
      `${environment.commit}, ${environment.date.slice(0, 10)}. ${rivals.join(', ')}.`,
    `Suite ${report.suite}: ${settings.roundCount} interleaved rounds of ${settings.roundMs} ms${memoryText(report)}; ` +
      `the load generator moved its bytes with ${settings.generator}.`,
  ]
  if (missing.length > 0) lines.push(`Not on this machine: ${missing.join(', ')}.`)
  return lines.join('\n\n')
}

function memoryText({ scenarios, settings: { processCount } }: Report): string {
  if (!scenarios.some(({ kind }) => kind === 'idle-memory')) return ''
  return `, for memory ${processCount} fresh ${processCount === 1 ? 'process' : 'processes'}`
}

/** A section per kind of scenario. */
export function figureTables(report: Report, rivals: readonly string[]): string {
  const kinds = [...new Set(report.scenarios.map(({ kind }) => kind))]
  return kinds
    .map((kind) => {
      const scenarios = report.scenarios.filter((scenario) => scenario.kind === kind)
      const metrics = new Map(
        scenarios
          .flatMap(({ metrics: each }) => each)
          .filter(({ key, better }) => better !== undefined || shownKeys.has(key))
          .map((metric) => [metric.key, metric]),
      )
      const tables = [...metrics.values()].map((metric) => figureTable(scenarios, metric, rivals))
      return [`### ${headings[kind]}`, ...tables, ...notesOf(scenarios)].join('\n\n')
    })
    .join('\n\n')
}

function figureTable(
  scenarios: readonly ScenarioResult[],
  metric: Metric,
  rivals: readonly string[],
): string {
  const present = rivals.filter((rival) =>
    scenarios.some((scenario) => resultOf(scenario, rival) !== undefined),
  )
  const rows = scenarios.map((scenario) => [
    scenario.skipped === undefined ? scenario.name : `${scenario.name} (${scenario.skipped})`,
    ...present.map((rival) => cell(scenario, rival, metric)),
  ])
  return markdownTable([metric.label, ...present], rows)
}

function cell(scenario: ScenarioResult, rival: string, metric: Metric): string {
  const measured = resultOf(scenario, rival)
  if (measured === undefined) return '–'
  if (measured.rounds.length === 0) return 'failed'
  const summary = summarize(valuesOf(measured, metric.key))
  const written = spreadText(summary, (value) =>
    metric.digits === 0 ? formatCount(value) : formatDecimal(value, metric.digits),
  )
  return isDoubtful(metric, measured.notes) ? `${written} ${doubtMark}` : written
}

/** A rate that the generator set, a percentile that it was late for. CPU per message stays what it is. */
function isDoubtful(metric: Metric, notes: readonly string[]): boolean {
  return notes.length > 0 && metric.key !== 'cpuUs'
}

function notesOf(scenarios: readonly ScenarioResult[]): string[] {
  const notes = new Set(scenarios.flatMap((scenario) => scenario.notes))
  const doubts = new Set<string>()
  const failures: string[] = []
  for (const scenario of scenarios) {
    for (const { rival, failure, notes: own } of scenario.results) {
      for (const note of own) doubts.add(`${doubtMark} ${note}`)
      if (failure !== undefined) failures.push(`${rival} failed in "${scenario.name}": ${failure}`)
    }
  }
  const all = [...doubts, ...notes, ...failures].map((note) => `- ${note.replaceAll('\n', ' ')}`)
  return all.length === 0 ? [] : [all.join('\n')]
}

/** Every point at which a rival is ahead, for each Holdline in a table of its own. */
export function lossText(report: Report, rivals: readonly string[]): string {
  const losses = findLosses(report)
  const pointCount = report.scenarios.reduce(
    (sum, scenario) => sum + comparedMetrics(scenario).length,
    0,
  )
  const sections = rivals.filter(isHoldline).map((holdline) => {
    const own = losses.filter((loss) => loss.holdline === holdline)
    if (own.length === 0)
      return `**${holdline}** is behind no rival at any point that was measured.`
    return `**${holdline}**\n\n${lossTable(own, report, rivals)}`
  })
  return [
    'Computed from the same file: every point where the median ratio to a rival is above 1, turned so that 2.00 means ' +
      'that Holdline costs twice as much, waits twice as long or manages half as much. In brackets where the spread ' +
      `of the rounds reaches 1; ${doubtMark} where the load generator set the pace of one of the two. ` +
      `${pointCount} figures were compared with each rival.`,
    ...sections,
  ].join('\n\n')
}

function lossTable(losses: readonly Loss[], report: Report, rivals: readonly string[]): string {
  const present = rivals.filter((rival) => losses.some((loss) => loss.rival === rival))
  const rows: string[][] = []
  for (const scenario of report.scenarios) {
    for (const metric of comparedMetrics(scenario)) {
      const own = losses.filter(
        (loss) => loss.scenario === scenario.name && loss.metric.key === metric.key,
      )
      if (own.length === 0) continue
      const cells = present.map((rival) => lossCell(own.find((loss) => loss.rival === rival)))
      rows.push([`${scenario.name}: ${metric.label}`, ...cells])
    }
  }
  return markdownTable(['point', ...present], rows)
}

function lossCell(loss: Loss | undefined): string {
  if (loss === undefined) return ''
  const ratio = formatDecimal(loss.ratio.median, 2)
  return `${loss.isClose ? `(${ratio})` : ratio}${loss.isDoubtful ? ` ${doubtMark}` : ''}`
}

export function markdownTable(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((each) => each.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n')
}
