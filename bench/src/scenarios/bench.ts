// What every scenario is given: where to run, how long, and whom to tell how far it is.

export interface Bench {
  readonly serverCore: number
  readonly generatorCore: number
  readonly roundCount: number
  readonly roundMs: number
  /** Fresh server processes per rival where a scenario needs new ones, as memory does. */
  readonly processCount: number
  progress(text: string): void
}
