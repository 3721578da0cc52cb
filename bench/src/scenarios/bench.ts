// What every scenario is given: where to run, how long, and whom to tell how far it is.
import type { Rival } from '../process/rivals.ts'
import type { ScenarioKind, ScenarioResult } from '../report/results.ts'

export interface Bench {
  /** As taskset takes them: `0`, `0,1`. */
  readonly serverCores: string
  readonly generatorCores: string
  readonly roundCount: number
  readonly roundMs: number
  /** Rounds for so long are played first and not kept. */
  readonly warmUpMs: number
  /** Fresh server processes per rival where a scenario needs new ones, as memory does. */
  readonly processCount: number
  progress(text: string): void
}

export interface Scenario {
  readonly kind: ScenarioKind
  readonly name: string
  /** More than one result where one run answers several questions. */
  run(bench: Bench, rivals: readonly Rival[]): Promise<ScenarioResult[]>
}
