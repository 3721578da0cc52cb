// Scenario: messages leave at a fixed rate, whatever the server does, and each is timed from the moment it was meant to
// leave. At shares of what each server can do, which is measured first, and at one rate that is the same for all.
import type { PayloadKind } from '../load/request-frame.ts'
import type { Rival } from '../process/rivals.ts'
import type { Measured, Metric, Round, ScenarioResult } from '../report/results.ts'
import { median } from '../report/statistics.ts'
import type { Bench, Scenario } from './bench.ts'
import { byteText, countOf, countText } from './figures.ts'
import { Lanes, type Lane } from './lanes.ts'

export interface LatencyParameters {
  readonly connectionCount: number
  readonly kind: PayloadKind
  readonly payloadBytes: number
  /** Shares of what the server can do, from 0 to 1. */
  readonly shares: readonly number[]
  /** This share of what the slowest can do is played to all; 0: not at all. */
  readonly shareOfSlowest: number
  /** Rounds are longer than elsewhere: one message of a thousand has to happen often enough. */
  readonly roundScale: number
}

const metrics: readonly Metric[] = [
  { key: 'p50Us', label: 'p50 µs', digits: 0, better: 'lower' },
  { key: 'p99Us', label: 'p99 µs', digits: 0, better: 'lower' },
  { key: 'p999Us', label: 'p99.9 µs', digits: 0, better: 'lower' },
  { key: 'highestUs', label: 'highest µs', digits: 0 },
  { key: 'rate', label: 'messages/s', digits: 0 },
  { key: 'cpuShare', label: 'CPU, %', digits: 0 },
  { key: 'lateP99Us', label: 'generator late, p99 µs', digits: 0 },
]

export class Latency implements Scenario {
  readonly kind = 'latency'
  readonly name: string
  readonly #parameters: LatencyParameters

  constructor(parameters: LatencyParameters) {
    this.#parameters = parameters
    const { connectionCount, payloadBytes, kind } = parameters
    this.name = `latency, ${countOf(connectionCount, 'connection')}, ${byteText(payloadBytes)} ${kind}`
  }

  async run(bench: Bench, rivals: readonly Rival[]): Promise<ScenarioResult[]> {
    const { connectionCount, kind, payloadBytes, shares, shareOfSlowest } = this.#parameters
    await using lanes = await Lanes.open(bench, this.name, rivals, async (lane) => {
      await lane.open(connectionCount)
      await lane.tell('verify', { kind, payloadBytes, messageCount: 2 })
    })
    const capacity = await this.#capacities(bench, lanes)
    const results: ScenarioResult[] = []
    for (const share of shares) {
      const name = `${this.name}, at ${Math.round(share * 100)} % of what each can do`
      results.push(
        await this.#atRate(bench, lanes, name, { share }, (rival) => capacity(rival) * share),
      )
    }
    if (shareOfSlowest > 0) {
      const rates = rivals.map(({ name }) => capacity(name)).filter((rate) => rate > 0)
      const rate = Math.min(...rates) * shareOfSlowest
      const name = `${this.name}, at ${countText(Math.round(rate))} messages/s for all`
      results.push(await this.#atRate(bench, lanes, name, { share: 0 }, () => rate))
    }
    return results
  }

  /** Messages a second of a closed loop, by rival: 0 where it failed. */
  async #capacities(bench: Bench, lanes: Lanes): Promise<(rival: string) => number> {
    const { kind, payloadBytes } = this.#parameters
    const rounds = { ...bench, roundCount: 3 }
    const measured = await lanes.play(rounds, `${this.name}: what each can do`, async (lane) => {
      const options = { kind, payloadBytes, window: 1, roundMs: bench.roundMs }
      const load = await lane.tell('echo', options)
      return { perSecond: (load.messages / load.elapsedMs) * 1000 }
    })
    const rates = new Map(
      measured.map(({ rival, rounds: kept }) => [
        rival,
        kept.length === 0 ? 0 : median(kept.map(({ perSecond }) => perSecond ?? 0)),
      ]),
    )
    return (rival) => rates.get(rival) ?? 0
  }

  async #atRate(
    bench: Bench,
    lanes: Lanes,
    name: string,
    parameters: Readonly<Record<string, number>>,
    rateOf: (rival: string) => number,
  ): Promise<ScenarioResult> {
    const roundMs = bench.roundMs * this.#parameters.roundScale
    const play = (lane: Lane): Promise<Round> => this.#round(lane, roundMs, rateOf(lane.rival.name))
    const { connectionCount, kind, payloadBytes } = this.#parameters
    return {
      kind: this.kind,
      name,
      parameters: { connectionCount, kind, payloadBytes, ...parameters },
      metrics,
      results: withLatenessNotes(await lanes.play(bench, name, play, 0)),
      notes: ['open loop; timed from the moment at which each message was meant to leave'],
    }
  }

  async #round(lane: Lane, roundMs: number, messagesPerSecond: number): Promise<Round> {
    const { kind, payloadBytes } = this.#parameters
    const { load, cpu } = await lane.measure(() =>
      lane.tell('paced', { kind, payloadBytes, messagesPerSecond, roundMs }),
    )
    const { p50Us, p99Us, p999Us, highestUs, lateP99Us, messages, elapsedMs } = load
    return {
      ...{ p50Us, p99Us, p999Us, highestUs, lateP99Us },
      count: messages,
      rate: (messages / elapsedMs) * 1000,
      cpuShare: (cpu.cpuUs / 1000 / elapsedMs) * 100,
    }
  }
}

/** A generator that is late itself adds its lateness to what it measures. */
function withLatenessNotes(results: readonly Measured[]): Measured[] {
  return results.map((measured) => {
    const late = measured.rounds.filter(
      ({ lateP99Us = 0, p99Us = Number.NaN }) => lateP99Us > p99Us / 2,
    )
    if (late.length * 2 <= measured.rounds.length) return measured
    const note = 'the load generator was late itself: a large part of p99 is its own'
    return { ...measured, notes: [...measured.notes, note] }
  })
}
