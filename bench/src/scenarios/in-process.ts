// Scenario: what the libraries of the models do by themselves, without a connection: messages, blocks, values a second.
// bench/rivals/in-process.ts has the programs; each runs in a process of its own, and they take turns.
import { programs, type ProgramName } from '../../rivals/in-process.ts'
import { Program } from '../process/program.ts'
import type { Round, ScenarioResult } from '../report/results.ts'
import type { Bench, Scenario } from './bench.ts'

/** The first rounds belong to compilers. */
const warmUpCount = 2

export class InProcess implements Scenario {
  readonly kind = 'in-process'
  readonly name = 'in one process, without connections'
  readonly #names: readonly ProgramName[]

  constructor(names: readonly ProgramName[] = Object.keys(programs) as ProgramName[]) {
    this.#names = names
  }

  async run(bench: Bench): Promise<ScenarioResult[]> {
    await using stack = new AsyncDisposableStack()
    const entries = this.#names.map((name) => ({
      name,
      program: stack.use(
        new Program({
          ...{ file: 'rivals/in-process.ts', commandLine: [name] },
          cores: coresFor(bench, name),
        }),
      ),
      rounds: [] as Round[],
      failure: undefined as string | undefined,
    }))
    for (let round = -warmUpCount; round < bench.roundCount; round++) {
      for (const entry of entries) {
        if (entry.failure !== undefined) continue
        bench.progress(`${this.name}: round ${round + 1}/${bench.roundCount}, ${entry.name}`)
        try {
          const { count = 0, elapsedMs = 0 } = await entry.program.play(bench.roundMs)
          if (round >= 0) entry.rounds.push({ count, perSecond: (count / elapsedMs) * 1000 })
        } catch (error) {
          entry.failure = (error as Error).message
        }
      }
    }
    return [
      {
        kind: this.kind,
        name: this.name,
        parameters: {},
        metrics: [{ key: 'perSecond', label: 'a second', digits: 0, better: 'higher' }],
        results: entries.map(({ name, rounds, failure }) => ({
          rival: programs[name].title,
          ...(failure === undefined ? {} : { failure }),
          rounds,
          notes: [],
        })),
        notes: [],
      },
    ]
  }
}

function coresFor(bench: Bench, name: ProgramName): string {
  const { serverCores, generatorCores } = bench
  return programs[name].processCount === 1 ? serverCores : `${serverCores},${generatorCores}`
}
