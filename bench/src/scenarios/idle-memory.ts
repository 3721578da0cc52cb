// Scenario: connections that were opened and say nothing. How many bytes each keeps resident in the server, above a
// baseline that has already served and closed a few hundred, and how much the kernel keeps for both of its ends.
import { setTimeout as delay } from 'node:timers/promises'
import { readKernelMemory, readSteadyKernelMemory } from '../process/kernel-memory.ts'
import type { Rival } from '../process/rivals.ts'
import type { Round, ScenarioResult } from '../report/results.ts'
import type { Bench, Scenario } from './bench.ts'
import { countText } from './figures.ts'
import { attempt, Lane, withHeldNotes, type Entry } from './lanes.ts'

export interface IdleMemoryParameters {
  readonly connectionCount: number
  readonly warmUpCount: number
}

const settleMs = 1000

export class IdleMemory implements Scenario {
  readonly kind = 'idle-memory'
  readonly name: string
  readonly #parameters: IdleMemoryParameters

  constructor(parameters: IdleMemoryParameters) {
    this.#parameters = parameters
    this.name = `idle memory, ${countText(parameters.connectionCount)} connections held`
  }

  async run(bench: Bench, rivals: readonly Rival[]): Promise<ScenarioResult[]> {
    const entries = rivals.map((rival) => ({
      entry: { rival, lane: undefined, failure: undefined } as Entry,
      rounds: [] as Round[],
    }))
    for (let run = 1; run <= bench.processCount; run++) {
      for (const { entry, rounds } of entries) {
        if (entry.failure !== undefined) continue
        bench.progress(`${this.name}: process ${run}/${bench.processCount}, ${entry.rival.name}`)
        await attempt(entry, async () => {
          entry.lane = await Lane.start(bench, entry.rival)
          rounds.push(await this.#sample(entry.lane))
          await entry.lane[Symbol.asyncDispose]()
          entry.lane = undefined
        })
      }
    }
    const { source } = await readKernelMemory()
    return [
      {
        kind: this.kind,
        name: this.name,
        parameters: { ...this.#parameters },
        metrics: [
          { key: 'rssBytes', label: 'resident bytes/connection', digits: 0, better: 'lower' },
          { key: 'baselineMib', label: 'baseline MiB', digits: 1 },
          { key: 'kernelBytes', label: 'kernel bytes/connection', digits: 0 },
        ],
        results: withHeldNotes(
          entries.map(({ entry, rounds }) => ({
            rival: entry.rival.name,
            ...(entry.failure === undefined ? {} : { failure: entry.failure }),
            rounds,
            notes: [],
          })),
          rivals,
          this.#parameters.connectionCount,
        ),
        notes: [
          `kernel bytes: both ends of the line, growth of /proc/${source} and of TCP's pages in ` +
            '/proc/net/sockstat; the half of the load generator is the same for all',
        ],
      },
    ]
  }

  async #sample(lane: Lane): Promise<Round> {
    const { connectionCount: wantedCount, warmUpCount } = this.#parameters
    await lane.open(warmUpCount)
    await lane.tell('close', {})
    await delay(settleMs)
    const kernelBefore = await readSteadyKernelMemory()
    const before = await lane.server.residentMemory()
    const connectionCount = await lane.open(wantedCount)
    await delay(settleMs)
    const after = await lane.server.residentMemory()
    const kernelAfter = await readSteadyKernelMemory()
    return {
      baselineMib: before.rssBytes / 2 ** 20,
      heldMib: after.rssBytes / 2 ** 20,
      rssBytes: (after.rssBytes - before.rssBytes) / connectionCount,
      pssBytes: (after.pssBytes - before.pssBytes) / connectionCount,
      kernelBytes: (kernelAfter.bytes - kernelBefore.bytes) / connectionCount,
    }
  }
}
