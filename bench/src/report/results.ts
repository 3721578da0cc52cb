// The form of what a run measured, as scenarios give it, as JSON keeps it, and as tables and charts read it.
// Data only: no scenario and no layout.
import type { Environment } from './environment.ts'

export type ScenarioKind =
  | 'echo'
  | 'fan-out'
  | 'topics'
  | 'handshakes'
  | 'storm'
  | 'latency'
  | 'idle-memory'
  | 'two-processes'
  | 'slow-handler'
  | 'blocked-handler'
  | 'crash'
  | 'in-process'
  | 'acknowledgement'
  | 'between-workers'
  | 'resume-storm'

/** One column of a scenario's table. */
export interface Metric {
  readonly key: string
  readonly label: string
  readonly digits: number
  /** Where one rival can be ahead of another: which way is better. Without it, the figure is only shown. */
  readonly better?: 'lower' | 'higher'
}

/** The figures of one round, by the keys of the scenario's metrics. */
export type Round = Readonly<Record<string, number>>

export interface Measured {
  readonly rival: string
  /** Why there are no figures, or none after the rounds that are here. */
  readonly failure?: string
  readonly rounds: readonly Round[]
  /** The rival of the same scenario that this one is held against; else the run's. */
  readonly against?: string
  /** What a reader has to know of this rival's figures, as that the generator was the bottleneck. */
  readonly notes: readonly string[]
}

export interface ScenarioResult {
  readonly kind: ScenarioKind
  readonly name: string
  /** What sets the scenario apart from others of its kind: for charts and rows. */
  readonly parameters: Readonly<Record<string, number | string>>
  readonly metrics: readonly Metric[]
  readonly results: readonly Measured[]
  readonly notes: readonly string[]
  /** Why the scenario was not played. */
  readonly skipped?: string
}

export interface RunSettings {
  readonly roundCount: number
  readonly roundMs: number
  readonly processCount: number
  readonly serverCores: string
  readonly generatorCores: string
  /** What moves the generator's bytes. */
  readonly generator: string
}

export interface Report {
  readonly suite: string
  /** The rival that ratios are held against. */
  readonly against: string
  readonly environment: Environment
  readonly settings: RunSettings
  /** Rivals that could not run on this machine, and why. */
  readonly missing: Readonly<Record<string, string>>
  readonly scenarios: readonly ScenarioResult[]
  readonly seconds: number
}

/** The values of one metric, in the order of the rounds. */
export function valuesOf(measured: Measured | undefined, key: string): number[] {
  return measured?.rounds.map((round) => round[key] ?? Number.NaN) ?? []
}

export function resultOf(scenario: ScenarioResult, rival: string): Measured | undefined {
  return scenario.results.find((result) => result.rival === rival)
}
