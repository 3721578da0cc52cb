// What a chaos run may be told on its command line.

import { parseArgs } from 'node:util'

export const scenarioNames = ['workers', 'nats', 'redis'] as const
export type ScenarioName = (typeof scenarioNames)[number]

export interface ChaosOptions {
  readonly scenarios: readonly ScenarioName[]
  readonly seconds: number
  readonly clients: number
  readonly topics: number
  /** Publications a second. */
  readonly rate: number
  /** Faults that must have been done, or the run has failed. */
  readonly minFaults: number
  readonly seed: number
}

export const usage = `npm run chaos -- [options]
  --scenario workers|nats|redis   which; may be repeated. Default: all
  --seconds N                     of faults, for each scenario. Default 120
  --clients N                     that subscribe. Default 5000
  --topics N                      Default 250
  --rate N                        publications a second. Default 2000
  --seed N                        of the nemesis. Default: drawn, and printed
  --smoke                         a short run: 10 s, 200 clients, 200 publications a second`

/** @throws Error with what is wrong, and how it is used. */
export function parseOptions(args: readonly string[]): ChaosOptions {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: 'string', multiple: true },
      seconds: text,
      clients: text,
      topics: text,
      rate: text,
      seed: text,
      smoke: { type: 'boolean' },
    },
  })
  const { smoke = false } = values
  const number = (
    name: 'seconds' | 'clients' | 'topics' | 'rate' | 'seed',
    fallback: number,
  ): number => {
    const given = values[name]
    const value = given === undefined ? fallback : Number(given)
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new Error(`--${name} ${given} is not a whole number from 1\n\n${usage}`)
    }
    return value
  }
  const scenarios = values.scenario ?? scenarioNames
  for (const name of scenarios) {
    if (!scenarioNames.includes(name as ScenarioName)) {
      throw new Error(`--scenario ${name} is none\n\n${usage}`)
    }
  }
  const seconds = number('seconds', smoke ? 10 : 120)
  return {
    scenarios: scenarios as readonly ScenarioName[],
    seconds,
    clients: number('clients', smoke ? 200 : 5_000),
    topics: number('topics', smoke ? 20 : 250),
    rate: number('rate', smoke ? 200 : 2_000),
    minFaults: Math.floor(seconds * 0.84),
    seed: number('seed', Math.floor(Math.random() * 1_000_000) + 1),
  }
}
