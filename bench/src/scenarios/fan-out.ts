// Scenario: publications to the subscribers of topics. One topic with many is the fan-out; many topics with a few each
// are the chat rooms of a small town. A delivery is one message at one subscriber.
import type { PayloadKind } from '../load/request-frame.ts'
import type { Rival } from '../process/rivals.ts'
import type { ScenarioResult } from '../report/results.ts'
import type { Bench, Scenario } from './bench.ts'
import { byteText, countText, rateFigures, rateMetrics, withBottleneckNotes } from './figures.ts'
import { Lanes } from './lanes.ts'

export interface FanOutParameters {
  readonly topicCount: number
  readonly subscribersPerTopic: number
  /** Publications under way in each topic. */
  readonly inFlight: number
  /** They leave together, when all before are complete: how they meet is then the same for all rivals. */
  readonly atOnce?: boolean
  readonly kind: PayloadKind
  readonly payloadBytes: number
}

const verifiedPublicationCount = 3
/** Servers subscribe a connection when it opens; a moment later that is over everywhere. */
const settleMs = 200

export class FanOut implements Scenario {
  readonly kind: 'fan-out' | 'topics'
  readonly name: string
  readonly #parameters: FanOutParameters

  constructor(parameters: FanOutParameters) {
    const { topicCount, subscribersPerTopic, inFlight, atOnce, kind, payloadBytes } = parameters
    this.#parameters = parameters
    this.kind = topicCount === 1 ? 'fan-out' : 'topics'
    const shape =
      topicCount === 1
        ? `fan-out, ${countText(subscribersPerTopic)} subscribers`
        : `${countText(topicCount)} topics with ${subscribersPerTopic} subscribers`
    this.name = `${shape}, ${inFlight} ${atOnce ? 'at once' : 'in flight'}${topicCount === 1 ? '' : ' in each'}, ${byteText(payloadBytes)} ${kind}`
  }

  async run(bench: Bench, rivals: readonly Rival[]): Promise<ScenarioResult[]> {
    const { topicCount, subscribersPerTopic, inFlight, atOnce = false } = this.#parameters
    const { kind, payloadBytes } = this.#parameters
    const able = rivals.filter(({ hasTopics }) => hasTopics)
    await using lanes = await Lanes.open(bench, this.name, able, async (lane) => {
      await lane.open(topicCount * subscribersPerTopic, topicCount)
      await new Promise((resolve) => setTimeout(resolve, settleMs))
      await lane.tell('verify', { kind, payloadBytes, messageCount: verifiedPublicationCount })
    })
    const results = await lanes.play(bench, this.name, async (lane) => {
      const { load, cpu } = await lane.measure(() =>
        lane.tell('publish', { kind, payloadBytes, inFlight, atOnce, roundMs: bench.roundMs }),
      )
      const figures = rateFigures(load, cpu, load.deliveries)
      return {
        ...figures,
        publicationsPerSecond: (load.publications / load.elapsedMs) * 1000,
      }
    })
    return [
      {
        kind: this.kind,
        name: this.name,
        parameters: { topicCount, subscribersPerTopic, inFlight, kind, payloadBytes },
        metrics: [
          ...rateMetrics('delivery', 'deliveries'),
          { key: 'publicationsPerSecond', label: 'publications/s', digits: 0 },
        ],
        results: withBottleneckNotes(results),
        notes: [],
      },
    ]
  }
}
