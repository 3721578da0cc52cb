// The command line of the bench: parsed, checked, nothing run.
import { parseArgs } from 'node:util'
import { commandRival, repositoryRival, type Rival } from './process/rivals.ts'
import { smokeSuite, type Suite } from './scenarios/suite.ts'

export interface Options {
  readonly help: boolean
  readonly suite: Suite
  readonly rivals: readonly Rival[]
  readonly against: string
  readonly only: string
  readonly jsonFile: string | undefined
  readonly roundCount: number
  readonly roundMs: number
  readonly processCount: number
}

export const helpText = `Measures CPU per message and memory per idle connection (Linux, two cores).

  npm run bench -- --smoke [options]

  --smoke                        the small suite, under a minute (the only one so far)
  --rivals <a,b>                 rivals of bench/rivals to run       (holdline-node,holdline-default-heap,ws)
  --rival '<name>=<command>'     plug in another: the command listens on {port} at 127.0.0.1 and
                                 echoes every message; may be given more than once
  --against <name>               the rival that ratios are held against            (ws)
  --only <text>                  only scenarios whose name contains the text
  --rounds <n>                   rounds of each echo scenario                       (5)
  --round-ms <n>                 length of a round                                (700)
  --processes <n>                fresh processes per memory figure                  (3)
  --json <file>                  write every round, machine, versions and commit`

/** Throws a RangeError or a TypeError whose message is one line for the user. */
export function parseOptions(commandLine: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...commandLine],
    options: {
      help: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
      rivals: { type: 'string' },
      rival: { type: 'string', multiple: true, default: [] },
      against: { type: 'string', default: 'ws' },
      only: { type: 'string', default: '' },
      rounds: { type: 'string', default: '5' },
      'round-ms': { type: 'string', default: '700' },
      processes: { type: 'string', default: '3' },
      json: { type: 'string' },
    },
  })
  const suite = smokeSuite
  const names = values.rivals === undefined ? suite.rivals : values.rivals.split(',')
  return {
    help: values.help,
    suite,
    rivals: [
      ...names.filter((name) => name !== '').map((name) => repositoryRival(name.trim())),
      ...values.rival.map(commandRival),
    ],
    against: values.against,
    only: values.only,
    jsonFile: values.json,
    roundCount: positiveInteger('--rounds', values.rounds),
    roundMs: positiveInteger('--round-ms', values['round-ms']),
    processCount: positiveInteger('--processes', values.processes),
  }
}

function positiveInteger(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`${option} takes a whole number from 1 on, not '${text}'`)
  }
  return value
}
