// The command line of the bench: parsed, checked, nothing run.
import { parseArgs } from 'node:util'
import { commandRival, type Rival } from './process/rivals.ts'
import type { Scenario } from './scenarios/bench.ts'
import {
  defaultSuite,
  fullSuite,
  modelsSuite,
  smokeSuite,
  topicsSmokeSuite,
  topicsSuite,
  type Suite,
} from './scenarios/suite.ts'
import { soakDefaults, type SoakSettings } from './soak/soak.ts'

export interface Options {
  readonly help: boolean
  readonly list: boolean
  readonly suiteName: string
  readonly scenarios: readonly Scenario[]
  readonly rivals: readonly Rival[]
  readonly against: string
  /**
   * Whether these are all scenarios of the suite, with its own rivals: what docs/performance.md is made from. Of a soak:
   * as many connections, for as long, as is meant.
   */
  readonly isWhole: boolean
  readonly jsonFile: string | undefined
  /** A file of results to make docs/performance.md from; nothing is measured then. */
  readonly reportFile: string | undefined
  readonly roundCount: number
  readonly roundMs: number
  readonly processCount: number
  /** Held connections instead of a suite. */
  readonly soak: SoakSettings | undefined
}

const soakMinutes = 10
const soakConnections = 15_000

export const helpText = `Measures CPU, throughput, latency and memory (Linux, two cores).

  npm run bench                    a few points of each question, under five minutes
  npm run bench -- --smoke         a minute
  npm run bench -- --full          everything, with every rival that this machine can run

  npm run bench -- --models        the programming models beside one another, under five minutes; its tables go to
                                   docs/guide/models.md

  npm run bench -- --topics        what topics with history and brokers cost, under five minutes; needs nats-server and
                                   redis-server; its tables go to docs/guide/delivery.md. With --smoke: seconds, to
                                   see that it works

  npm run bench -- --soak          holds connections for minutes under traffic; exit code 1 when one is lost, an echo is
                                   wrong, memory grows or a descriptor is leaked
  --minutes <n>                    how long it holds them                             (10)
  --connections <n>                how many                                           (15000)

  --rivals <a,b>                   rivals of bench/rivals to run (--list names them)
  --rival '<name>=<command>'       plug in another: the command listens on {port} at 127.0.0.1, echoes what comes on
                                   /, and publishes what comes on /t/<name> to all of that path; may be repeated
  --against <name>                 the rival that ratios are held against            (ws; of models: behavior; of topics: bare)
  --only <text>                    only scenarios whose name contains the text
  --list                           scenarios of the suite, and all rivals
  --rounds <n>                     rounds of each scenario                            (5)
  --round-ms <n>                   length of a round
  --processes <n>                  fresh processes per memory figure
  --json <file>                    where to write every round, machine, versions and commit
                                   (bench/results/<date>-<suite>.json, where nothing was left out)
  --report <file>                  measure nothing: make docs/performance.md from a file of results;
                                   (of models and topics: the tables of their guides);
                                   a whole default, full, models or topics run does so at its end`

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
      models: { type: 'boolean', default: false },
      topics: { type: 'boolean', default: false },
      against: { type: 'string' },
      only: { type: 'string', default: '' },
      rounds: { type: 'string' },
      'round-ms': { type: 'string' },
      processes: { type: 'string' },
      json: { type: 'string' },
      report: { type: 'string' },
      soak: { type: 'boolean', default: false },
      minutes: { type: 'string' },
      connections: { type: 'string' },
    },
  })
  const suite = suiteOf(values)
  const soak = values.soak ? soakSettings(values.minutes, values.connections) : undefined
  if (soak === undefined && (values.minutes ?? values.connections) !== undefined) {
    throw new RangeError('--minutes and --connections belong to --soak')
  }
  if (soak !== undefined && (suite !== defaultSuite || values.only !== '')) {
    throw new RangeError(
      '--soak plays no suite: leave out --smoke, --full, --models, --topics and --only',
    )
  }
  const ownNames = soak === undefined ? suite.rivals : ['holdline-uring']
  const names = values.rivals === undefined ? ownNames : values.rivals.split(',')
  const scenarios = suite.scenarios.filter(({ name }) => name.includes(values.only))
  if (scenarios.length === 0) throw new RangeError(`no scenario's name contains '${values.only}'`)
  return {
    help: values.help,
    list: values.list,
    suiteName: soak === undefined ? suite.name : 'soak',
    scenarios,
    rivals: [
      ...names.filter((name) => name !== '').map((name) => suite.rivalOf(name.trim())),
      ...values.rival.map(commandRival),
    ],
    against: values.against ?? suite.against,
    isWhole:
      values.rivals === undefined &&
      (soak === undefined
        ? values.only === '' && suite !== smokeSuite && suite !== topicsSmokeSuite
        : isWholeSoak(soak)),
    jsonFile: values.json,
    reportFile: values.report,
    roundCount: positiveInteger('--rounds', values.rounds, suite.roundCount),
    roundMs: positiveInteger('--round-ms', values['round-ms'], suite.roundMs),
    processCount: positiveInteger('--processes', values.processes, suite.processCount),
    soak,
  }
}

function suiteOf(chosen: {
  readonly smoke: boolean
  readonly full: boolean
  readonly models: boolean
  readonly topics: boolean
}): Suite {
  const { smoke, topics } = chosen
  if (topics && smoke && !chosen.full && !chosen.models) return topicsSmokeSuite
  const suites = [
    ...(smoke ? [smokeSuite] : []),
    ...(chosen.full ? [fullSuite] : []),
    ...(chosen.models ? [modelsSuite] : []),
    ...(topics ? [topicsSuite] : []),
  ]
  if (suites.length > 1) {
    throw new RangeError(`${suites.map(({ name }) => `--${name}`).join(' and ')} are two suites`)
  }
  return suites[0] ?? defaultSuite
}

function isWholeSoak({ connectionCount, durationMs }: SoakSettings): boolean {
  return connectionCount === soakConnections && durationMs === soakMinutes * 60_000
}

function soakSettings(minutes: string | undefined, connections: string | undefined): SoakSettings {
  return {
    ...soakDefaults,
    connectionCount: positiveInteger('--connections', connections, soakConnections),
    durationMs: positiveInteger('--minutes', minutes, soakMinutes) * 60_000,
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
