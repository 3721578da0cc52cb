// Scenario: the echo of a server that runs in two processes, on both cores. The load generator needs one of them too,
// so this tells how well two processes share, not what two free cores would do.
import type { Rival } from '../process/rivals.ts'
import type { ScenarioResult } from '../report/results.ts'
import type { Bench, Scenario } from './bench.ts'
import { playEcho, type EchoParameters } from './echo.ts'
import { byteText, countOf, rateMetrics } from './figures.ts'

const cores = '0,1'

export class TwoProcesses implements Scenario {
  readonly kind = 'two-processes'
  readonly name: string
  readonly #parameters: EchoParameters

  constructor(parameters: EchoParameters) {
    this.#parameters = parameters
    const { connectionCount, payloadBytes, kind } = parameters
    this.name = `two processes, echo, ${countOf(connectionCount, 'connection')}, ${byteText(payloadBytes)} ${kind}`
  }

  async run(bench: Bench, rivals: readonly Rival[]): Promise<ScenarioResult[]> {
    const spread = { ...bench, serverCores: cores, generatorCores: cores }
    // Only these know `processes`: bench/rivals/holdline.ts takes it from the environment.
    const able = rivals.filter(({ name }) => name.startsWith('holdline'))
    const parameters = this.#parameters
    const two = await playEcho(spread, this.name, parameters, able, { PROCESSES: '2' })
    return [
      {
        kind: this.kind,
        name: this.name,
        parameters: { ...parameters },
        metrics: rateMetrics('message', 'messages'),
        results: two.map((measured) => ({ ...measured, notes: [] })),
        notes: ['the load generator shares the two cores with the two processes'],
      },
    ]
  }
}
