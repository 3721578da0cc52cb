// Scenario: the handler of one connection takes 50 ms for each of its messages, computing or waiting, while others
// have their echoes. What the others wait, beside what they wait without it.
import type { PayloadKind } from '../load/request-frame.ts'
import { Talker } from '../load/talker.ts'
import type { Rival } from '../process/rivals.ts'
import type { Metric, Round, ScenarioResult } from '../report/results.ts'
import type { Bench, Scenario } from './bench.ts'
import { countOf } from './figures.ts'
import { Lanes, withHeldNotes, type Lane } from './lanes.ts'

export interface SlowHandlerParameters {
  /** Of the others. */
  readonly connectionCount: number
  readonly messagesPerSecond: number
  readonly kind: PayloadKind
  readonly payloadBytes: number
  /** How much longer a round is than elsewhere. */
  readonly roundScale: number
}

/** What the one does; `compute` and `wait` are names of trouble (bench/rivals/models/trouble.ts). */
const troubles = [
  { trouble: 'none', title: 'no slow handler' },
  { trouble: 'compute', title: 'one handler computes for 50 ms' },
  { trouble: 'wait', title: 'one handler waits for 50 ms' },
] as const

/** From one message of the slow one to its next, at least. */
const troubleEveryMs = 100
const patienceMs = 5000
/** Of the bench's rounds: what is looked for is 50 ms, not a few percent. */
const maxRoundCount = 3

const metrics: readonly Metric[] = [
  { key: 'p50Us', label: 'p50 µs', digits: 0 },
  { key: 'p99Us', label: 'p99 µs', digits: 0, better: 'lower' },
  { key: 'highestUs', label: 'worst µs', digits: 0, better: 'lower' },
  { key: 'troubleCount', label: 'slow messages', digits: 0 },
]

export class SlowHandler implements Scenario {
  readonly kind = 'slow-handler'
  readonly name: string
  readonly #parameters: SlowHandlerParameters

  constructor(parameters: SlowHandlerParameters) {
    this.#parameters = parameters
    this.name = `slow handler, ${countOf(parameters.connectionCount, 'other connection')}`
  }

  async run(bench: Bench, rivals: readonly Rival[]): Promise<ScenarioResult[]> {
    const { kind, payloadBytes, connectionCount } = this.#parameters
    await using lanes = await Lanes.open(bench, this.name, rivals, async (lane) => {
      await lane.open(othersOf(lane.rival, connectionCount))
      await lane.tell('verify', { kind, payloadBytes, messageCount: 2 })
    })
    const few = { ...bench, roundCount: Math.min(bench.roundCount, maxRoundCount) }
    const results: ScenarioResult[] = []
    for (const { trouble, title } of troubles) {
      const name = `${this.name}: ${title}`
      const measured = await lanes.play(few, name, (lane) => this.#round(bench, lane, trouble), 0)
      results.push({
        kind: this.kind,
        name,
        parameters: { ...this.#parameters, trouble },
        metrics,
        results: withHeldNotes(measured, rivals, connectionCount),
        notes: ['open loop: timed from the moment at which each message was meant to leave'],
      })
    }
    return results
  }

  async #round(bench: Bench, lane: Lane, trouble: string): Promise<Round> {
    const { kind, payloadBytes, messagesPerSecond, roundScale } = this.#parameters
    const roundMs = bench.roundMs * roundScale
    const over = new AbortController()
    const making = trouble === 'none' ? Promise.resolve(0) : keepMaking(lane, trouble, over.signal)
    // Its failure is told where it is awaited.
    making.catch(() => {})
    try {
      const options = { kind, payloadBytes, messagesPerSecond, roundMs }
      const { p50Us, p99Us, highestUs, lateP99Us } = await lane.tell('paced', options)
      over.abort()
      return { p50Us, p99Us, highestUs, lateP99Us, troubleCount: await making }
    } finally {
      over.abort()
    }
  }
}

/** One connection stays free for the one that makes trouble. */
export function othersOf({ maxConnectionCount = Infinity }: Rival, wantedCount: number): number {
  return Math.min(wantedCount, maxConnectionCount - 1)
}

/** Makes trouble until it is over; gives how often. */
async function keepMaking(lane: Lane, trouble: string, over: AbortSignal): Promise<number> {
  using talker = await Talker.open(`ws://127.0.0.1:${lane.server.port}/trouble`)
  let count = 0
  while (!over.aborted) {
    const tookMs = await talker.ask(trouble, patienceMs)
    if (tookMs === undefined) throw new Error(`'${trouble}' was not answered`)
    count += 1
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, troubleEveryMs - tookMs)))
  }
  return count
}
