// Scenario: connections are opened, upgraded and cut, as many a second as the server takes; and the storm, in which all
// connections are cut at once and come back as fast as they can.
import type { Rival } from '../process/rivals.ts'
import type { ScenarioResult } from '../report/results.ts'
import type { Bench, Scenario } from './bench.ts'
import { countText, rateFigures, rateMetrics, withBottleneckNotes } from './figures.ts'
import { Lanes } from './lanes.ts'

/** Fewer happen in a round than messages do, so compilers need more of them. */
const warmUpCount = 2

export class HandshakeRate implements Scenario {
  readonly kind = 'handshakes'
  readonly name: string
  readonly #atOnce: number

  constructor(atOnce: number) {
    this.#atOnce = atOnce
    this.name = `handshakes, ${atOnce} at once`
  }

  async run(bench: Bench, rivals: readonly Rival[]): Promise<ScenarioResult[]> {
    await using lanes = await Lanes.open(bench, this.name, rivals, async () => {})
    const results = await lanes.play(
      bench,
      this.name,
      async (lane) => {
        const { load, cpu } = await lane.measure(() =>
          lane.tell('handshakes', {
            port: lane.server.port,
            dialect: lane.rival.dialect.name,
            atOnce: this.#atOnce,
            roundMs: bench.roundMs,
          }),
        )
        return rateFigures(load, cpu, load.handshakes)
      },
      warmUpCount,
    )
    return [
      {
        kind: this.kind,
        name: this.name,
        parameters: { atOnce: this.#atOnce },
        metrics: rateMetrics('handshake', 'handshakes'),
        results: withBottleneckNotes(results),
        notes: [
          'from connect to the end of the opening handshake; then the line is cut with a RST, which the server ' +
            'handles within the same CPU time',
        ],
      },
    ]
  }
}

export class ReconnectStorm implements Scenario {
  readonly kind = 'storm'
  readonly name: string
  readonly #connectionCount: number

  constructor(connectionCount: number) {
    this.#connectionCount = connectionCount
    this.name = `reconnect storm, ${countText(connectionCount)} connections`
  }

  async run(bench: Bench, rivals: readonly Rival[]): Promise<ScenarioResult[]> {
    const connectionCount = this.#connectionCount
    await using lanes = await Lanes.open(bench, this.name, rivals, (lane) =>
      lane.open(connectionCount),
    )
    const results = await lanes.play(bench, this.name, async (lane) => {
      const { load, cpu } = await lane.measure(() => lane.tell('storm', {}))
      return {
        backMs: load.elapsedMs,
        cpuMs: cpu.cpuUs / 1000,
        cpuUs: cpu.cpuUs / connectionCount,
        generatorBusy: (load.generatorCpuUs / 1000 / load.elapsedMs) * 100,
      }
    })
    return [
      {
        kind: this.kind,
        name: this.name,
        parameters: { connectionCount },
        metrics: [
          { key: 'backMs', label: 'ms until all are back', digits: 0, better: 'lower' },
          { key: 'cpuMs', label: 'CPU ms', digits: 0 },
          { key: 'cpuUs', label: 'CPU µs/connection', digits: 1, better: 'lower' },
          { key: 'generatorBusy', label: 'generator busy, %', digits: 0 },
        ],
        results: withBottleneckNotes(results),
        notes: [
          'all are cut with a RST at the same moment, and connect again 400 at a time: more would measure the length ' +
            'of the queue before accept, and the second after which the kernel of the client tries again',
        ],
      },
    ]
  }
}
