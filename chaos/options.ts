// What a chaos run may be told on its command line.

import { parseArgs } from 'node:util'

export const killingNames = ['workers', 'nats', 'redis'] as const
/** Scenarios that kill processes: workers of the server, or the broker's server. */
export type KillingName = (typeof killingNames)[number]
export const scenarioNames = [...killingNames, 'slow'] as const
export type ScenarioName = (typeof scenarioNames)[number]

/** One scenario, and how big it is. */
export interface ScenarioOptions {
  readonly scenario: ScenarioName
  readonly seconds: number
  /** Of the server. */
  readonly processes: number
  readonly clients: number
  readonly topics: number
  /** Publications a second. */
  readonly rate: number
  /** Of filling in each publication. */
  readonly bytes: number
  /** Faults that must have been done, or the run has failed. */
  readonly minFaults: number
  readonly seed: number
}

type Size = Omit<ScenarioOptions, 'scenario' | 'minFaults' | 'seed'>

/** So many workers that one of them, a second, is a part of the clients and not half of them. */
const WORKERS: Size = {
  seconds: 120,
  processes: 8,
  clients: 5_000,
  topics: 1_000,
  rate: 2_000,
  bytes: 0,
}
const BROKERS: Size = { ...WORKERS, processes: 2 }
const SMOKE: Size = { seconds: 10, processes: 2, clients: 200, topics: 20, rate: 200, bytes: 0 }
/** Its publications are long, so that what is not read is soon more than sockets keep. */
const SLOW: Size = {
  seconds: 60,
  processes: 2,
  clients: 10_000,
  topics: 100,
  rate: 200,
  bytes: 8_192,
}
const SLOW_SMOKE: Size = {
  seconds: 6,
  processes: 2,
  clients: 120,
  topics: 6,
  rate: 60,
  bytes: 65_536,
}

export const usage = `npm run chaos -- [options]
  --scenario workers|nats|redis|slow   which; may be repeated. Default: all
  --seconds N                     of faults, for each scenario. Default 120; slow: 60
  --processes N                   of the server. Default 8 with workers, else 2
  --clients N                     that subscribe. Default 5000; slow: 10000, of which every tenth stops reading
  --topics N                      Default 1000; slow: 100
  --rate N                        publications a second. Default 2000; slow: 200, of 8 KiB each
  --seed N                        of the nemesis. Default: drawn, and printed
  --smoke                         a short run: a few seconds, a few hundred clients`

/** @throws Error with what is wrong, and how it is used. */
export function parseOptions(args: readonly string[]): readonly ScenarioOptions[] {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: 'string', multiple: true },
      seconds: text,
      processes: text,
      clients: text,
      topics: text,
      rate: text,
      seed: text,
      smoke: { type: 'boolean' },
    },
  })
  const { smoke = false } = values
  const number = (name: Exclude<keyof Size, 'bytes'> | 'seed', fallback: number): number => {
    const given = values[name]
    const value = given === undefined ? fallback : Number(given)
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new Error(`--${name} ${given} is not a whole number from 1\n\n${usage}`)
    }
    return value
  }
  const seed = number('seed', Math.floor(Math.random() * 1_000_000) + 1)
  return (values.scenario ?? scenarioNames).map((given) => {
    const scenario = scenarioNames.find((name) => name === given)
    if (scenario === undefined) throw new Error(`--scenario ${given} is none\n\n${usage}`)
    const whole = { workers: WORKERS, nats: BROKERS, redis: BROKERS, slow: SLOW }[scenario]
    const size = !smoke ? whole : scenario === 'slow' ? SLOW_SMOKE : SMOKE
    const seconds = number('seconds', size.seconds)
    return {
      scenario,
      seconds,
      processes: number('processes', size.processes),
      clients: number('clients', size.clients),
      topics: number('topics', size.topics),
      rate: number('rate', size.rate),
      bytes: size.bytes,
      minFaults: minFaultsOf(scenario, seconds),
      seed,
    }
  })
}

/** The broker's server is killed so many times, in as many seconds as there are. */
export const BROKER_KILLS = 10

function minFaultsOf(scenario: ScenarioName, seconds: number): number {
  if (scenario === 'slow') return 0
  // Now and then no worker lives that could be killed.
  return scenario === 'workers' ? Math.floor(seconds * 0.84) : BROKER_KILLS
}
