// The command: runs the conformance suite and prints what failed, with what was expected and what was seen.
//   node -C source conformance/run.ts [--engine node] [--transport ws,wss] [--only text]
//        [--target holdline|ws] [--url ws://host:port] [--json file]

import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Endpoint, Transport } from './raw-connection.ts'
import { runSuite, type SuiteOptions, type SuiteReport } from './suite.ts'

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      engine: { type: 'string', default: 'node' },
      transport: { type: 'string', default: 'ws,wss' },
      only: { type: 'string' },
      target: { type: 'string', default: 'holdline' },
      url: { type: 'string' },
      json: { type: 'string' },
    },
  })
  const common = values.only === undefined ? {} : { only: values.only }
  const options: SuiteOptions =
    values.url === undefined
      ? {
          ...common,
          transports: values.transport.split(',') as Transport[],
          target: targetNamed(values.target, values.engine),
        }
      : { ...common, ...external(values.url) }
  const begin = performance.now()
  const report = await runSuite(options)
  for (const line of describeReport(report)) console.log(line)
  console.log(`${((performance.now() - begin) / 1000).toFixed(1)} s`)
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(report, null, 2))
  // Cases that came to no end may still hold sockets.
  process.exit(problemsOf(report).length === 0 ? 0 : 1)
}

export function targetNamed(name: string, engine: string): NonNullable<SuiteOptions['target']> {
  if (name === 'ws') return { script: 'stand-in-ws.ts', args: [] }
  return { script: 'server.ts', args: ['--engine', engine] }
}

function external(address: string): { transports: Transport[]; endpoint: Endpoint } {
  const url = new URL(address)
  const transport = url.protocol === 'wss:' ? 'wss' : 'ws'
  const port = Number(url.port === '' ? (transport === 'wss' ? 443 : 80) : url.port)
  return { transports: [transport], endpoint: { transport, host: url.hostname, port } }
}

/** Everything that makes the run fail, in words. */
export function problemsOf(report: SuiteReport): string[] {
  return [
    ...report.results
      .filter(({ passed }) => !passed)
      .map(
        ({ name, transport, expected, seen }) =>
          `FAILED ${name} [${transport}]\n  expected: ${expected}\n  seen:     ${seen}`,
      ),
    ...report.canaries
      .filter(({ failure }) => failure !== undefined)
      .map(({ beside, failure }) => `FAILED the canary beside ${beside}: ${failure}`),
    ...report.uncaught.map((error) => `FAILED nobody caught this in the server: ${error}`),
  ]
}

/** The count: each case is counted once per transport, and once as a distinct case. */
export function countLine({ results }: SuiteReport): string {
  const failedCount = results.filter(({ passed }) => !passed).length
  const distinctCount = new Set(results.map(({ name }) => name)).size
  const transports = [...new Set(results.map(({ transport }) => transport))].toSorted().join(', ')
  return `${results.length - failedCount} passed, ${failedCount} failed (${distinctCount} distinct cases over ${transports})`
}

export function describeReport(report: SuiteReport): string[] {
  const lines = problemsOf(report)
  for (const { name, transport, notes } of report.results) {
    for (const note of notes) lines.push(`note: ${name} [${transport}]: ${note}`)
  }
  for (const name of report.notRun) lines.push(`not run (no process of our own): ${name}`)
  const echoCount = report.canaries.reduce((sum, { echoCount: count }) => sum + count, 0)
  const worst = report.canaries.toSorted((a, b) => b.worstMs - a.worstMs)[0]
  const shared = report.canaries.filter(({ beside }) => beside.startsWith('all cases'))
  const p99Ms = Math.max(0, ...shared.map(({ p99Ms: ms }) => ms))
  lines.push(
    `canaries: ${report.canaries.length}, served ${echoCount} echoes; p99 beside all cases ${p99Ms.toFixed(1)} ms, ` +
      `worst ${worst?.worstMs.toFixed(1)} ms (beside ${worst?.beside})`,
    countLine(report),
  )
  return lines
}
