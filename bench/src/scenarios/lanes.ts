// Servers that are measured in turns: each rival runs with a load generator of its own, and they play round by round,
// so that each meets the machine in the same state. What fails is kept as a failure of that rival alone.
import type { CommandName, Commands, LoadRound } from '../load/commands.ts'
import { GeneratorProcess } from '../load/generator-process.ts'
import { RivalProcess } from '../process/rival-process.ts'
import type { Rival } from '../process/rivals.ts'
import type { Measured, Round } from '../report/results.ts'
import type { Bench } from './bench.ts'

/** CPU time of a server, in µs. */
export interface ServerCpu {
  readonly userUs: number
  readonly systemUs: number
  readonly cpuUs: number
}

export class Lane implements AsyncDisposable {
  readonly rival: Rival
  readonly server: RivalProcess
  readonly generator: GeneratorProcess

  private constructor(rival: Rival, server: RivalProcess, generator: GeneratorProcess) {
    this.rival = rival
    this.server = server
    this.generator = generator
  }

  static async start(
    bench: Bench,
    rival: Rival,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Lane> {
    // On its own core the generator starts while the server does.
    const generator = new GeneratorProcess(bench.generatorCores)
    try {
      const server = await RivalProcess.start(rival, bench.serverCores, environment)
      return new Lane(rival, server, generator)
    } catch (error) {
      await generator[Symbol.asyncDispose]()
      throw error
    }
  }

  tell<Name extends CommandName>(
    name: Name,
    options: Commands[Name]['takes'],
  ): Promise<Commands[Name]['gives']> {
    return this.generator.tell(name, options)
  }

  /** As many as the rival takes; gives their number. */
  async open(wantedCount: number, topicCount = 0): Promise<number> {
    const { port } = this.server
    const dialect = this.rival.dialect.name
    const connectionCount = heldCount(this.rival, wantedCount)
    await this.tell('open', { port, dialect, connectionCount, topicCount })
    return connectionCount
  }

  // The server is idle before and after, so its CPU time in between belongs to what was played alone.
  async measure<Given extends LoadRound>(
    play: () => Promise<Given>,
  ): Promise<{ readonly load: Given; readonly cpu: ServerCpu }> {
    const before = await this.server.cpuTime()
    const load = await play()
    const after = await this.server.cpuTime()
    const userUs = after.userUs - before.userUs
    const systemUs = after.systemUs - before.systemUs
    return { load, cpu: { userUs, systemUs, cpuUs: userUs + systemUs } }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.generator[Symbol.asyncDispose]()
    await this.server[Symbol.asyncDispose]()
  }
}

function heldCount({ maxConnectionCount = Infinity }: Rival, wantedCount: number): number {
  return Math.min(wantedCount, maxConnectionCount)
}

/** Says so where a rival takes fewer connections than the scenario has. */
export function withHeldNotes(
  results: readonly Measured[],
  rivals: readonly Rival[],
  wantedCount: number,
): Measured[] {
  return results.map((measured) => {
    const rival = rivals.find(({ name }) => name === measured.rival)
    if (rival === undefined || heldCount(rival, wantedCount) === wantedCount) return measured
    const note = `with ${heldCount(rival, wantedCount)} connections, which is as many as it takes`
    return { ...measured, notes: [...measured.notes, note] }
  })
}

export interface Entry {
  readonly rival: Rival
  lane: Lane | undefined
  failure: string | undefined
}

export class Lanes implements AsyncDisposable {
  readonly entries: readonly Entry[]

  private constructor(entries: readonly Entry[]) {
    this.entries = entries
  }

  /** Starts a server and a generator for each, one after the other, and prepares each. */
  static async open(
    bench: Bench,
    title: string,
    rivals: readonly Rival[],
    prepare: (lane: Lane) => Promise<unknown>,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Lanes> {
    const lanes = new Lanes(
      rivals.map((rival): Entry => ({ rival, lane: undefined, failure: undefined })),
    )
    for (const entry of lanes.entries) {
      bench.progress(`${title}: ${entry.rival.name} starts`)
      await attempt(entry, async () => {
        entry.lane = await Lane.start(bench, entry.rival, environment)
        await prepare(entry.lane)
      })
    }
    return lanes
  }

  /** Plays all rounds, in turns. The first ones, which let compilers see the hot path, are not kept. */
  async play(
    bench: Bench,
    title: string,
    play: (lane: Lane) => Promise<Round>,
    warmUpCount = Math.ceil(bench.warmUpMs / bench.roundMs),
  ): Promise<Measured[]> {
    const kept = this.entries.map((): Round[] => [])
    for (let round = -warmUpCount; round < bench.roundCount; round++) {
      for (const [index, entry] of this.entries.entries()) {
        if (entry.failure !== undefined || entry.lane === undefined) continue
        const { lane } = entry
        bench.progress(`${title}: round ${round + 1}/${bench.roundCount}, ${entry.rival.name}`)
        await attempt(entry, async () => {
          const measured = await play(lane)
          if (round >= 0) kept[index]!.push(measured)
        })
      }
    }
    return this.entries.map(({ rival, failure }, index) => ({
      rival: rival.name,
      ...(failure === undefined ? {} : { failure }),
      rounds: kept[index]!,
      notes: [],
    }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { lane } of this.entries) await lane?.[Symbol.asyncDispose]()
  }
}

/** Whatever goes wrong is this rival's failure, and ends its lane. */
export async function attempt(entry: Entry, what: () => Promise<void>): Promise<void> {
  try {
    await what()
  } catch (error) {
    // A server that crashed is seen as such a moment after its connections broke.
    await new Promise((resolve) => setTimeout(resolve, 50))
    entry.failure = entry.lane?.server.obituary ?? (error as Error).message
    await entry.lane?.[Symbol.asyncDispose]()
    entry.lane = undefined
  }
}
