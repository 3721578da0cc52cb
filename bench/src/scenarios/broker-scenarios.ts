// Scenarios without a WebSocket: how long a publication takes to be acknowledged by each broker, beside what the
// broker's own server takes; and how many pass from one worker process to another. bench/rivals/brokers.ts has the programs,
// each in a process of its own; they take turns.
import { brokerPrograms, type BrokerProgramName } from '../../rivals/brokers.ts'
import { BrokerServer, type BrokerServerKind } from '../process/broker-server.ts'
import { Program } from '../process/program.ts'
import type { Metric, Round, ScenarioResult } from '../report/results.ts'
import type { Bench, Scenario } from './bench.ts'

/** The first rounds belong to compilers. */
const warmUpCount = 2

const programFile = 'rivals/brokers.ts'

export class Acknowledgement implements Scenario {
  readonly kind = 'acknowledgement'
  readonly name = 'publish until acknowledged, one at a time, 64 B, with history'
  readonly #names: readonly BrokerProgramName[]

  constructor(names: readonly BrokerProgramName[] = acknowledgedBy) {
    this.#names = names
  }

  async run(bench: Bench): Promise<ScenarioResult[]> {
    await using play = new Turns(this.name)
    for (const name of this.#names) await play.add(bench, name)
    return [
      {
        kind: this.kind,
        name: this.name,
        parameters: { payloadBytes: 64 },
        metrics: [
          { key: 'p50Us', label: 'p50 µs', digits: 1, better: 'lower' },
          { key: 'p99Us', label: 'p99 µs', digits: 1, better: 'lower' },
        ],
        results: await play.all(bench),
        notes: play.versions.map(
          (version) => `${version}, on the same machine; nothing waits for the disk`,
        ),
      },
    ]
  }
}

export class BetweenWorkers implements Scenario {
  readonly kind = 'between-workers'
  readonly name = 'publications from one worker process to another, 64 B'

  async run(bench: Bench): Promise<ScenarioResult[]> {
    await using play = new Turns(this.name)
    for (const name of ['workers-plain', 'workers-kept'] as const) await play.add(bench, name)
    const metrics: Metric[] = [
      { key: 'perSecond', label: 'publications/s', digits: 0, better: 'higher' },
      { key: 'lostCount', label: 'lost', digits: 0 },
      { key: 'disorderCount', label: 'out of order', digits: 0 },
    ]
    return [
      {
        kind: this.kind,
        name: this.name,
        parameters: { payloadBytes: 64 },
        metrics,
        results: (await play.all(bench)).map(withLoss),
        notes: [
          'from the first publication until a listener and four WebSocket connections of the other worker have all; the ' +
            'client shares the two cores with the workers and their supervisor',
        ],
      },
    ]
  }
}

const acknowledgedBy: readonly BrokerProgramName[] = [
  ...(['memory', 'process', 'nats-raw', 'nats'] as const),
  ...(['redis-xadd', 'redis-script', 'redis'] as const),
]

interface Entry {
  readonly name: BrokerProgramName
  readonly program: Program | undefined
  failure: string | undefined
  readonly rounds: Round[]
}

type Result = ScenarioResult['results'][number]

/** Programs that play round by round, in turns. */
class Turns implements AsyncDisposable {
  readonly versions: string[] = []
  readonly #title: string
  readonly #stack = new AsyncDisposableStack()
  readonly #servers = new Map<BrokerServerKind, BrokerServer>()
  readonly #entries: Entry[] = []

  constructor(title: string) {
    this.#title = title
  }

  /** A program that cannot be played has that as its failure. */
  async add(bench: Bench, name: BrokerProgramName): Promise<void> {
    const { server, processCount } = brokerPrograms[name]
    const { serverCores, generatorCores } = bench
    const cores = processCount === 1 ? serverCores : `${serverCores},${generatorCores}`
    let program: Program | undefined
    let failure: string | undefined
    try {
      const url = server === null ? '' : `127.0.0.1:${await this.#portOf(server, generatorCores)}`
      program = this.#stack.use(new Program({ file: programFile, commandLine: [name, url], cores }))
    } catch (error) {
      failure = (error as Error).message
    }
    this.#entries.push({ name, program, failure, rounds: [] })
  }

  async all(bench: Bench): Promise<Result[]> {
    for (let round = -warmUpCount; round < bench.roundCount; round++) {
      for (const entry of this.#entries) {
        if (entry.program === undefined || entry.failure !== undefined) continue
        const { title } = brokerPrograms[entry.name]
        bench.progress(`${this.#title}: round ${round + 1}/${bench.roundCount}, ${title}`)
        try {
          const played = await entry.program.play(bench.roundMs)
          if (round >= 0) entry.rounds.push(played)
        } catch (error) {
          entry.failure = (error as Error).message
        }
      }
    }
    return this.#entries.map(({ name, rounds, failure }) => {
      const program = brokerPrograms[name]
      return {
        rival: program.title,
        ...(failure === undefined ? {} : { failure }),
        ...('against' in program ? { against: brokerPrograms[program.against].title } : {}),
        rounds,
        notes: [],
      }
    })
  }

  /** Programs of the same broker share its server. */
  async #portOf(kind: BrokerServerKind, cores: string): Promise<number> {
    let server = this.#servers.get(kind)
    if (server === undefined) {
      server = this.#stack.use(await BrokerServer.start(kind, cores))
      this.#servers.set(kind, server)
      this.versions.push(server.version)
    }
    return server.port
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync()
  }
}

/** A round in which anything was lost is a failure, however fast it was. */
function withLoss(result: Result): Result {
  const sum = (key: string): number =>
    result.rounds.reduce((total, round) => total + (round[key] ?? 0), 0)
  const [lostCount, disorderCount] = [sum('lostCount'), sum('disorderCount')]
  if (lostCount + disorderCount === 0) return result
  const failure = `${lostCount} publications were lost and ${disorderCount} out of order`
  return { ...result, failure: result.failure ?? failure }
}
