// Scenario: what the libraries of the models do by themselves, without a connection: messages, blocks, values a second.
// bench/rivals/in-process.ts has the programs; each runs in a process of its own, and they take turns.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { programs, type ProgramName } from '../../rivals/in-process.ts'
import { benchFolder } from '../process/finding.ts'
import type { Round, ScenarioResult } from '../report/results.ts'
import type { Bench, Scenario } from './bench.ts'

/** What a program answers for each round that it is told to play. */
export interface InProcessRound {
  readonly count: number
  readonly elapsedMs: number
}

/** The first rounds belong to compilers. */
const warmUpCount = 2
const patienceMs = 10_000

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
      program: stack.use(new Program(name, coresFor(bench, name))),
      rounds: [] as Round[],
      failure: undefined as string | undefined,
    }))
    for (let round = -warmUpCount; round < bench.roundCount; round++) {
      for (const entry of entries) {
        if (entry.failure !== undefined) continue
        bench.progress(`${this.name}: round ${round + 1}/${bench.roundCount}, ${entry.name}`)
        try {
          const { count, elapsedMs } = await entry.program.play(bench.roundMs)
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

class Program implements AsyncDisposable {
  readonly #child: ChildProcess

  constructor(name: ProgramName, cores: string) {
    // taskset replaces itself with Node, and the channel stays.
    this.#child = fork(`${benchFolder}rivals/in-process.ts`, [name], {
      execPath: 'taskset',
      execArgv: ['-c', cores, process.execPath, '--no-warnings', '-C', 'source'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
  }

  async play(roundMs: number): Promise<InProcessRound> {
    const settled = new AbortController()
    const late = setTimeout(
      () => settled.abort(new Error(`it did not answer for ${patienceMs} ms`)),
      roundMs + patienceMs,
    )
    try {
      const { signal } = settled
      const answered = once(this.#child, 'message', { signal })
      const ended = once(this.#child, 'exit', { signal }).then(() => {
        throw new Error('the program ended by itself')
      })
      for (const each of [answered, ended]) each.catch(() => {})
      if (this.#child.connected) this.#child.send({ roundMs })
      const [answer] = (await Promise.race([answered, ended])) as [
        InProcessRound | { readonly failure: string },
      ]
      if ('failure' in answer) throw new Error(answer.failure)
      return answer
    } catch (error) {
      throw settled.signal.aborted ? settled.signal.reason : error
    } finally {
      clearTimeout(late)
      settled.abort()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }
}
