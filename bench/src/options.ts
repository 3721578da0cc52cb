// The command line of the bench: parsed, checked, nothing run.
import { parseArgs } from 'node:util'
import { commandRival, repositoryRival, type Rival } from './process/rivals.ts'
import type { Scenario } from './scenarios/bench.ts'
import { defaultSuite, fullSuite, smokeSuite } from './scenarios/suite.ts'

export interface Options {
  readonly help: boolean
  readonly list: boolean
  readonly suiteName: string
  readonly scenarios: readonly Scenario[]
  readonly rivals: readonly Rival[]
  readonly against: string
  /** Whether these are all scenarios of the suite, with its own rivals: what docs/performance.md is made from. */
  readonly isWhole: boolean
  readonly jsonFile: string | undefined
  /** A file of results to make docs/performance.md from; nothing is measured then. */
  readonly reportFile: string | undefined
  readonly roundCount: number
  readonly roundMs: number
  readonly processCount: number
}

export const helpText = `Measures CPU, throughput, latency and memory (Linux, two cores).

  npm run bench                    a few points of each question, under five minutes
  npm run bench -- --smoke         a minute
  npm run bench -- --full          everything, with every rival that this machine can run

  --rivals <a,b>                   rivals of bench/rivals to run (--list names them)
  --rival '<name>=<command>'       plug in another: the command listens on {port} at 127.0.0.1, echoes what comes on
                                   /, and publishes what comes on /t/<name> to all of that path; may be repeated
  --against <name>                 the rival that ratios are held against            (ws)
  --only <text>                    only scenarios whose name contains the text
  --list                           scenarios of the suite, and all rivals
  --rounds <n>                     rounds of each scenario                            (5)
  --round-ms <n>                   length of a round
  --processes <n>                  fresh processes per memory figure
  --json <file>                    where to write every round, machine, versions and commit
                                   (bench/results/<date>-<suite>.json, but for --smoke and --only)
  --report <file>                  measure nothing: make docs/performance.md from a file of results;
                                   a whole default or full run does so at its end`

/** Throws a RangeError or a TypeError whose message is one line for the user. */
export function parseOptions(commandLine: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...commandLine],
    options: {
      help: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      rivals: { type: 'string' },
      rival: { type: 'string', multiple: true, default: [] },
      against: { type: 'string', default: 'ws' },
      only: { type: 'string', default: '' },
      rounds: { type: 'string' },
      'round-ms': { type: 'string' },
      processes: { type: 'string' },
      json: { type: 'string' },
      report: { type: 'string' },
    },
  })
  if (values.smoke && values.full) throw new RangeError('--smoke and --full are two suites')
  const suite = values.smoke ? smokeSuite : values.full ? fullSuite : defaultSuite
  const names = values.rivals === undefined ? suite.rivals : values.rivals.split(',')
  const scenarios = suite.scenarios.filter(({ name }) => name.includes(values.only))
  if (scenarios.length === 0) throw new RangeError(`no scenario's name contains '${values.only}'`)
  return {
    help: values.help,
    list: values.list,
    suiteName: suite.name,
    scenarios,
    rivals: [
      ...names.filter((name) => name !== '').map((name) => repositoryRival(name.trim())),
      ...values.rival.map(commandRival),
    ],
    against: values.against,
    isWhole: values.only === '' && values.rivals === undefined && suite !== smokeSuite,
    jsonFile: values.json,
    reportFile: values.report,
    roundCount: positiveInteger('--rounds', values.rounds, suite.roundCount),
    roundMs: positiveInteger('--round-ms', values['round-ms'], suite.roundMs),
    processCount: positiveInteger('--processes', values.processes, suite.processCount),
  }
}

function positiveInteger(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`${option} takes a whole number from 1 on, not '${text}'`)
  }
  return value
}
