// Scenarios: the handler of one connection never returns, or throws. What becomes of the others, of the one itself,
// and of who comes after it.
import { Talker } from '../load/talker.ts'
import type { Rival } from '../process/rivals.ts'
import type { Metric, Round, ScenarioResult } from '../report/results.ts'
import type { Bench, Scenario } from './bench.ts'
import { countOf } from './figures.ts'
import { attempt, Lane, type Entry } from './lanes.ts'
import { othersOf } from './slow-handler.ts'

export interface BrokenHandlerParameters {
  /** Of the others. */
  readonly connectionCount: number
  /** Who is not answered for so long is given up. */
  readonly patienceMs: number
}

/** The trouble that is made (bench/rivals/models/trouble.ts), and what is read afterwards. */
interface Breakage {
  readonly kind: 'blocked-handler' | 'crash'
  readonly title: string
  readonly trouble: 'forever' | 'throw'
  readonly metrics: readonly Metric[]
}

const startPatienceMs = 10_000

const othersMetrics: readonly Metric[] = [
  { key: 'lostCount', label: 'others lost', digits: 0, better: 'lower' },
  { key: 'silentCount', label: 'others without an answer', digits: 0, better: 'lower' },
  { key: 'worstMs', label: 'worst answer, ms', digits: 1 },
]

const blocked: Breakage = {
  kind: 'blocked-handler',
  title: 'one handler never returns',
  trouble: 'forever',
  metrics: othersMetrics,
}

const crash: Breakage = {
  kind: 'crash',
  title: 'one handler throws',
  trouble: 'throw',
  metrics: [
    ...othersMetrics,
    // 0: none, but an answer.
    { key: 'closeCode', label: 'it sees', digits: 0 },
    { key: 'againMs', label: 'served again after, ms', digits: 1 },
  ],
}

/** The same for every rival, in a fresh server: it may not outlive it. */
class BrokenHandler implements Scenario {
  readonly kind: Breakage['kind']
  readonly name: string
  readonly #breakage: Breakage
  readonly #parameters: BrokenHandlerParameters

  constructor(breakage: Breakage, parameters: BrokenHandlerParameters) {
    this.#breakage = breakage
    this.#parameters = parameters
    this.kind = breakage.kind
    this.name = `${breakage.title}, ${countOf(parameters.connectionCount, 'other connection')}`
  }

  async run(bench: Bench, rivals: readonly Rival[]): Promise<ScenarioResult[]> {
    const results = []
    for (const rival of rivals) {
      bench.progress(`${this.name}: ${rival.name}`)
      const rounds: Round[] = []
      const entry: Entry = { rival, lane: undefined, failure: undefined }
      await attempt(entry, async () => {
        entry.lane = await Lane.start(bench, rival)
        rounds.push(await this.#round(entry.lane))
      })
      await entry.lane?.[Symbol.asyncDispose]()
      const failure = entry.failure === undefined ? {} : { failure: entry.failure }
      results.push({ rival: rival.name, ...failure, rounds, notes: [] })
    }
    const { connectionCount, patienceMs } = this.#parameters
    const { metrics } = this.#breakage
    const notes = [
      `once, in a fresh server; who has no answer within ${patienceMs} ms is without one`,
    ]
    const parameters = { connectionCount }
    return [{ kind: this.kind, name: this.name, parameters, metrics, results, notes }]
  }

  async #round({ server, rival }: Lane): Promise<Round> {
    const { connectionCount, patienceMs } = this.#parameters
    const url = `ws://127.0.0.1:${server.port}`
    using held = new DisposableStack()
    const others: Talker[] = []
    for (let i = 0; i < othersOf(rival, connectionCount); i++) {
      others.push(held.use(await Talker.open(`${url}/`)))
    }
    // Threads take their time to start.
    const before = await Promise.all(others.map((other) => other.ask('before', startPatienceMs)))
    if (before.includes(undefined)) throw new Error('an echo did not come, before anything broke')
    const one = held.use(await Talker.open(`${url}/trouble`))
    const answered = one.ask(this.#breakage.trouble, patienceMs)
    // Who never returns has 100 ms to begin with it.
    const closeCode = await one.ended(this.kind === 'crash' ? patienceMs : 100)
    const answers = await Promise.all(others.map((other) => other.ask('after', patienceMs)))
    const answeredInMs = answers.filter((answer) => answer !== undefined)
    return {
      otherCount: others.length,
      lostCount: others.filter((other) => other.closeCode !== undefined).length,
      silentCount: others.length - answeredInMs.length,
      worstMs: answeredInMs.length === 0 ? Number.NaN : Math.max(...answeredInMs),
      // Nothing: it has its answer, an error as a reply, and goes on.
      closeCode: closeCode ?? ((await answered) === undefined ? Number.NaN : 0),
      againMs: this.kind === 'crash' ? await servedAgainMs(`${url}/trouble`, patienceMs) : 0,
    }
  }
}

export class BlockedHandler extends BrokenHandler {
  constructor(parameters: BrokenHandlerParameters) {
    super(blocked, parameters)
  }
}

export class Crash extends BrokenHandler {
  constructor(parameters: BrokenHandlerParameters) {
    super(crash, parameters)
  }
}

/** Until a new connection to where the crash was has its answer; NaN when it has none. */
async function servedAgainMs(url: string, patienceMs: number): Promise<number> {
  const startMs = performance.now()
  try {
    using next = await Talker.open(url)
    const answer = await next.ask('again', patienceMs)
    return answer === undefined ? Number.NaN : performance.now() - startMs
  } catch {
    return Number.NaN
  }
}
