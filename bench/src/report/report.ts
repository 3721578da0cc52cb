// Turns results into the tables of the terminal and into what is written as JSON.
import {
  echoName,
  isGeneratorBound,
  type EchoResult,
  type EchoScenario,
} from '../scenarios/echo.ts'
import {
  idleMemoryName,
  type IdleMemoryResult,
  type IdleMemoryScenario,
} from '../scenarios/idle-memory.ts'
import type { Environment } from './environment.ts'
import { summarize, summarizeRatios, type Summary } from './statistics.ts'
import { formatCount, formatDecimal, type Table } from './table.ts'

export interface Report {
  readonly suite: string
  readonly environment: Environment
  readonly echo: readonly {
    readonly scenario: EchoScenario
    readonly results: readonly EchoResult[]
  }[]
  readonly idleMemory: readonly {
    readonly scenario: IdleMemoryScenario
    readonly results: readonly IdleMemoryResult[]
  }[]
}

/** All tables of a report; ratios are held against the rival named `against`. */
export function reportTables(report: Report, against: string): Table[] {
  return [
    ...report.echo.map(({ scenario, results }) => echoTable(scenario, results, against)),
    ...report.idleMemory.map(({ scenario, results }) =>
      idleMemoryTable(scenario, results, against),
    ),
  ]
}

export function echoTable(
  scenario: EchoScenario,
  results: readonly EchoResult[],
  against: string,
): Table {
  const cpuOf = (result: EchoResult | undefined): number[] =>
    result?.rounds.map((round) => round.cpuUs) ?? []
  const reference = cpuOf(results.find((result) => result.rival === against))
  const rows = results.map((result) => {
    const part = (key: 'userUs' | 'systemUs' | 'messagesPerSecond' | 'generatorBusy'): Summary =>
      summarize(result.rounds.map((round) => round[key]))
    return [
      result.rival,
      spread(summarize(cpuOf(result)), (value) => formatDecimal(value, 2)),
      `${formatDecimal(part('userUs').median, 2)} + ${formatDecimal(part('systemUs').median, 2)}`,
      spread(part('messagesPerSecond'), formatCount),
      spread(summarizeRatios(cpuOf(result), reference), (value) => formatDecimal(value, 2)),
      `${formatDecimal(part('generatorBusy').median * 100, 0)} %`,
    ]
  })
  return {
    title: echoName(scenario),
    columns: [
      '',
      'CPU µs/message',
      'user + system',
      'messages/s',
      `CPU, ${against} = 1`,
      'generator busy',
    ],
    rows,
    notes: results
      .filter(isGeneratorBound)
      .map(
        ({ rival }) =>
          `${rival}: the load generator was the bottleneck; messages/s is its limit, not the server's`,
      ),
  }
}

export function idleMemoryTable(
  scenario: IdleMemoryScenario,
  results: readonly IdleMemoryResult[],
  against: string,
): Table {
  const rssOf = (result: IdleMemoryResult | undefined): number[] =>
    result?.samples.map((sample) => sample.rssBytesPerConnection) ?? []
  const reference = rssOf(results.find((result) => result.rival === against))
  return {
    title: idleMemoryName(scenario),
    columns: ['', 'resident bytes/connection', 'baseline MiB', `bytes, ${against} = 1`],
    rows: results.map((result) => [
      result.rival,
      spread(summarize(rssOf(result)), formatCount),
      formatDecimal(
        summarize(result.samples.map((sample) => sample.baselineRssBytes)).median / 2 ** 20,
        1,
      ),
      spread(summarizeRatios(rssOf(result), reference), (value) => formatDecimal(value, 2)),
    ]),
    notes: [],
  }
}

function spread(summary: Summary, format: (value: number) => string): string {
  if (!Number.isFinite(summary.median)) return '–'
  return `${format(summary.median)} (${format(summary.lowest)}–${format(summary.highest)})`
}
