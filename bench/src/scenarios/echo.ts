// Scenario: every connection sends a message, waits for its echo, and sends the next. With `processes`, the server
// runs in several; with a window, each connection has several messages under way.
import type { PayloadKind } from '../load/request-frame.ts'
import type { Rival } from '../process/rivals.ts'
import type { ScenarioResult } from '../report/results.ts'
import type { Bench, Scenario } from './bench.ts'
import { byteText, countOf, rateFigures, rateMetrics, withBottleneckNotes } from './figures.ts'
import { Lanes, withHeldNotes } from './lanes.ts'

export interface EchoParameters {
  readonly connectionCount: number
  readonly kind: PayloadKind
  readonly payloadBytes: number
  /** Messages under way on each connection. */
  readonly window: number
}

/** More than this under way at once measures the memory of sockets, not servers. */
const maxBytesInFlight = 64 * 2 ** 20
const verifiedMessagesPerConnection = 3

export class Echo implements Scenario {
  readonly kind = 'echo'
  readonly name: string
  readonly #parameters: EchoParameters

  constructor(parameters: EchoParameters) {
    const { connectionCount, payloadBytes, kind, window } = parameters
    this.#parameters = parameters
    const inFlight = window === 1 ? '' : `, ${window} in flight each`
    this.name = `echo, ${countOf(connectionCount, 'connection')}, ${byteText(payloadBytes)} ${kind}${inFlight}`
  }

  async run(bench: Bench, rivals: readonly Rival[]): Promise<ScenarioResult[]> {
    const { connectionCount, payloadBytes, window } = this.#parameters
    const result = {
      kind: this.kind,
      name: this.name,
      parameters: { ...this.#parameters },
      metrics: rateMetrics('message', 'messages'),
      notes: [],
    } as const
    const bytesInFlight = connectionCount * payloadBytes * window
    if (bytesInFlight > maxBytesInFlight) {
      const skipped = `skipped: ${Math.round(bytesInFlight / 2 ** 20)} MiB would be in flight at once`
      return [{ ...result, results: [], skipped }]
    }
    const results = await playEcho(bench, this.name, this.#parameters, rivals)
    return [{ ...result, results }]
  }
}

export async function playEcho(
  bench: Bench,
  title: string,
  parameters: EchoParameters,
  rivals: readonly Rival[],
  environment: Readonly<Record<string, string>> = {},
): Promise<ReturnType<typeof withBottleneckNotes>> {
  const { connectionCount, kind, payloadBytes, window } = parameters
  await using lanes = await Lanes.open(
    bench,
    title,
    rivals,
    async (lane) => {
      await lane.open(connectionCount)
      await lane.tell('verify', { kind, payloadBytes, messageCount: verifiedMessagesPerConnection })
    },
    environment,
  )
  const results = await lanes.play(bench, title, async (lane) => {
    const { load, cpu } = await lane.measure(() =>
      lane.tell('echo', { kind, payloadBytes, window, roundMs: bench.roundMs }),
    )
    return rateFigures(load, cpu, load.messages)
  })
  return withHeldNotes(withBottleneckNotes(results), rivals, connectionCount)
}
