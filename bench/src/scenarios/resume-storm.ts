// Scenario: the lines of a topic are cut at once, publications are made while they are away, and all come back with
// their cursors. The clock stops when each has exactly what it missed.
import type { Rival } from '../process/rivals.ts'
import type { ScenarioResult } from '../report/results.ts'
import type { Bench, Scenario } from './bench.ts'
import { countOf } from './figures.ts'
import { Lanes, type Lane } from './lanes.ts'
import { LinePublisher } from './line-publisher.ts'

export interface ResumeStormParameters {
  readonly connectionCount: number
  /** Publications while they are away. */
  readonly missedCount: number
}

export class ResumeStorm implements Scenario {
  readonly kind = 'resume-storm'
  readonly name: string
  readonly #parameters: ResumeStormParameters

  constructor(parameters: ResumeStormParameters) {
    this.#parameters = parameters
    const { connectionCount, missedCount } = parameters
    this.name = `${countOf(connectionCount, 'line')} cut at once come back with cursors, ${countOf(missedCount, 'publication')} of 64 B behind`
  }

  async run(bench: Bench, rivals: readonly Rival[]): Promise<ScenarioResult[]> {
    const { connectionCount } = this.#parameters
    // Whoever has no cursors has nothing to come back with.
    const able = rivals.filter(({ dialect }) => dialect.isNumbered)
    using publishers = new DisposableStack()
    const publisherOf = new Map<Lane, LinePublisher>()
    await using lanes = await Lanes.open(bench, this.name, able, async (lane) => {
      await lane.open(connectionCount, 1)
      publisherOf.set(lane, publishers.use(await LinePublisher.open(lane.server.port)))
    })
    const results = await lanes.play(bench, this.name, async (lane) => {
      const { load, cpu } = await this.#playRound(lane, publisherOf.get(lane)!)
      return {
        count: connectionCount,
        elapsedMs: load.elapsedMs,
        cpuUs: cpu.cpuUs / connectionCount,
        perSecond: (connectionCount / load.elapsedMs) * 1000,
      }
    })
    return [
      {
        kind: this.kind,
        name: this.name,
        parameters: { ...this.#parameters },
        metrics: [
          { key: 'elapsedMs', label: 'ms until all have all', digits: 0, better: 'lower' },
          { key: 'perSecond', label: 'lines/s', digits: 0 },
          { key: 'cpuUs', label: 'CPU µs/line', digits: 1, better: 'lower' },
        ],
        results,
        notes: ['400 at a time, from one core'],
      },
    ]
  }

  async #playRound(lane: Lane, publisher: LinePublisher) {
    const { connectionCount, missedCount } = this.#parameters
    await lane.tell('close', {})
    const cursor = await publisher.publish(1)
    await publisher.publish(missedCount)
    const { port } = lane.server
    const dialect = lane.rival.dialect.name
    const resume = { ...cursor, missedCount }
    return lane.measure(() =>
      lane.tell('open', { port, dialect, connectionCount, topicCount: 1, resume }),
    )
  }
}
