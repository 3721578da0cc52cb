// Scenario: every connection sends a message, waits for its echo, and sends the next. All rivals run at
// once and take turns, round by round, so that each meets the machine in the same state.
import { GeneratorProcess } from '../load/generator-process.ts'
import type { PayloadKind } from '../load/request-frame.ts'
import { RivalProcess } from '../process/rival-process.ts'
import type { Rival } from '../process/rivals.ts'
import type { Bench } from './bench.ts'

export interface EchoScenario {
  readonly connectionCount: number
  readonly kind: PayloadKind
  readonly payloadBytes: number
}

export interface EchoRound {
  readonly messages: number
  readonly messagesPerSecond: number
  /** CPU time of the server, in µs per message: all of it, and as Linux splits it. */
  readonly cpuUs: number
  readonly userUs: number
  readonly systemUs: number
  /** Share of the round in which the generator was on its core; near 1, it was the bottleneck. */
  readonly generatorBusy: number
}

export interface EchoResult {
  readonly rival: string
  readonly rounds: readonly EchoRound[]
}

const verifiedMessagesPerConnection = 3
const generatorBoundBusy = 0.97

export function echoName(scenario: EchoScenario): string {
  const { connectionCount, payloadBytes, kind } = scenario
  const size = payloadBytes < 1024 ? `${payloadBytes} B` : `${payloadBytes / 1024} KiB`
  return `echo, ${connectionCount} connections, ${size} ${kind}`
}

/** A result says so when the generator, not the server, set the pace in most of its rounds. */
export function isGeneratorBound(result: EchoResult): boolean {
  const bound = result.rounds.filter((round) => round.generatorBusy >= generatorBoundBusy)
  return bound.length * 2 > result.rounds.length
}

export async function runEcho(
  bench: Bench,
  scenario: EchoScenario,
  rivals: readonly Rival[],
): Promise<EchoResult[]> {
  await using resources = new AsyncDisposableStack()
  const lanes: EchoLane[] = []
  for (const rival of rivals) {
    bench.progress(`${echoName(scenario)}: ${rival.name} starts`)
    const server = resources.use(await RivalProcess.start(rival, bench.serverCore))
    const generator = resources.use(new GeneratorProcess(bench.generatorCore))
    await generator.open(server.port, scenario.connectionCount)
    await generator.verify(scenario.kind, scenario.payloadBytes, verifiedMessagesPerConnection)
    lanes.push(new EchoLane(server, generator, scenario))
  }
  const results = lanes.map((lane) => ({ rival: lane.rival, rounds: [] as EchoRound[] }))
  // Round -1 lets the compiler see the hot path; it is not kept.
  for (let round = -1; round < bench.roundCount; round++) {
    for (const [index, lane] of lanes.entries()) {
      bench.progress(`${echoName(scenario)}: round ${round + 1}/${bench.roundCount}, ${lane.rival}`)
      const measured = await lane.round(bench.roundMs)
      if (round >= 0) results[index]?.rounds.push(measured)
    }
  }
  return results
}

class EchoLane {
  readonly rival: string
  readonly #server: RivalProcess
  readonly #generator: GeneratorProcess
  readonly #scenario: EchoScenario

  constructor(server: RivalProcess, generator: GeneratorProcess, scenario: EchoScenario) {
    this.rival = server.name
    this.#server = server
    this.#generator = generator
    this.#scenario = scenario
  }

  // The server is idle before and after, so its CPU time in between belongs to these messages alone.
  async round(roundMs: number): Promise<EchoRound> {
    const { kind, payloadBytes } = this.#scenario
    const before = await this.#server.cpuTime()
    const round = await this.#generator.round(kind, payloadBytes, roundMs)
    const after = await this.#server.cpuTime()
    const userUs = (after.userUs - before.userUs) / round.messages
    const systemUs = (after.systemUs - before.systemUs) / round.messages
    return {
      messages: round.messages,
      messagesPerSecond: (round.messages / round.elapsedMs) * 1000,
      cpuUs: userUs + systemUs,
      userUs,
      systemUs,
      generatorBusy: round.generatorCpuUs / 1000 / round.elapsedMs,
    }
  }
}
