// Many seeded histories, one after another, with what came of them all. In a worker thread it runs those that it is given.

import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { faultKinds } from 'holdline/testing'
import type { FaultKind } from 'holdline/testing'
import { runHistory } from './history-run.ts'

export interface Sum {
  histories: number
  acknowledged: number
  received: number
  gaps: number
  readonly faults: Record<FaultKind, number>
}

export interface Share {
  readonly firstSeed: number
  readonly count: number
  readonly budgetMs: number
}

/** How long the faults of one go on, in simulated time: recovery follows. */
const CHAOS_MS = 4_000

export function nothingYet(): Sum {
  const faults = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Sum['faults']
  return { histories: 0, acknowledged: 0, received: 0, gaps: 0, faults }
}

export function add(sum: Sum, one: Omit<Sum, 'histories'>, histories = 1): void {
  sum.histories += histories
  for (const name of ['acknowledged', 'received', 'gaps'] as const) sum[name] += one[name]
  for (const kind of faultKinds) sum.faults[kind] += one.faults[kind]
}

/** Runs so many, or as many as fit into the time. @throws what the first one that fails says */
export async function runShare({ firstSeed, count, budgetMs }: Share): Promise<Sum> {
  // Refusals are many, and nobody reads where they were made.
  Error.stackTraceLimit = 0
  const sum = nothingYet()
  const endAt = performance.now() + budgetMs
  for (let i = 0; i < count && performance.now() < endAt; i++) {
    add(sum, await runHistory({ seed: firstSeed + i, chaosMs: CHAOS_MS }))
  }
  return sum
}

if (!isMainThread) parentPort!.postMessage(await runShare(workerData as Share))
