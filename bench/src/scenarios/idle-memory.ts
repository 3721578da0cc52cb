// Scenario: connections that were opened and say nothing. How many bytes each keeps resident in the
// server, above a baseline that has already served and closed a few hundred.
import { setTimeout as delay } from 'node:timers/promises'
import { GeneratorProcess } from '../load/generator-process.ts'
import { RivalProcess } from '../process/rival-process.ts'
import type { Rival } from '../process/rivals.ts'
import type { Bench } from './bench.ts'

export interface IdleMemoryScenario {
  readonly connectionCount: number
  readonly warmUpCount: number
}

export interface IdleMemorySample {
  readonly baselineRssBytes: number
  readonly heldRssBytes: number
  readonly rssBytesPerConnection: number
  readonly pssBytesPerConnection: number
}

export interface IdleMemoryResult {
  readonly rival: string
  /** One per fresh process. */
  readonly samples: readonly IdleMemorySample[]
}

const settleMs = 1000

export function idleMemoryName(scenario: IdleMemoryScenario): string {
  return `idle memory, ${scenario.connectionCount} connections held`
}

export async function runIdleMemory(
  bench: Bench,
  scenario: IdleMemoryScenario,
  rivals: readonly Rival[],
): Promise<IdleMemoryResult[]> {
  const results = rivals.map((rival) => ({ rival, samples: [] as IdleMemorySample[] }))
  for (let run = 1; run <= bench.processCount; run++) {
    for (const { rival, samples } of results) {
      bench.progress(
        `${idleMemoryName(scenario)}: process ${run}/${bench.processCount}, ${rival.name}`,
      )
      samples.push(await sampleProcess(bench, scenario, rival))
    }
  }
  return results.map(({ rival, samples }) => ({ rival: rival.name, samples }))
}

async function sampleProcess(
  bench: Bench,
  scenario: IdleMemoryScenario,
  rival: Rival,
): Promise<IdleMemorySample> {
  await using server = await RivalProcess.start(rival, bench.serverCore)
  await using generator = new GeneratorProcess(bench.generatorCore)
  await generator.open(server.port, scenario.warmUpCount)
  await generator.close()
  await delay(settleMs)
  const baseline = await server.residentMemory()
  await generator.open(server.port, scenario.connectionCount)
  await delay(settleMs)
  const held = await server.residentMemory()
  return {
    baselineRssBytes: baseline.rssBytes,
    heldRssBytes: held.rssBytes,
    rssBytesPerConnection: (held.rssBytes - baseline.rssBytes) / scenario.connectionCount,
    pssBytesPerConnection: (held.pssBytes - baseline.pssBytes) / scenario.connectionCount,
  }
}
