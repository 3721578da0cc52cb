// The scenario in which one subscriber of ten stops reading, and all the others must notice nothing: how long publications
// are under way before and meanwhile, how much memory the workers take, and what the slow ones were shown in the end.

import { readFileSync } from 'node:fs'
import { judge } from './checker.ts'
import type { Verdict } from './checker.ts'
import { Fleet } from './fleet.ts'
import type { ScenarioOptions } from './options.ts'
import { OwnNetwork } from './own-network.ts'

export interface SlowOutcome extends Verdict {
  readonly slow: number
  /** Lines of slow ones that were ended and came back with their cursor. */
  readonly resumes: number
  /** From the publisher's call to a subscriber that reads, over all of them. */
  readonly baseP50Ms: number
  readonly baseP99Ms: number
  readonly slowP50Ms: number
  readonly slowP99Ms: number
  /** Resident memory of all workers together, in bytes: the most before, and the most meanwhile. */
  readonly baseBytes: number
  readonly slowBytes: number
  /** What the slow ones may cost: `slow` times how far they may lag, and a tenth of what there was. */
  readonly boundBytes: number
}

export const SLOW_ONE_IN = 10
/** How far a subscriber may lag. */
const LAG_BYTES = 131_072
/** What a line may keep beside: what the engine was handed and the kernel did not take yet. */
const BESIDE_BYTES = 131_072
/** Publications are longer by so much where sockets keep megabytes. */
const WITHOUT_NETWORK = 4
const SAMPLE_MS = 200

export async function runSlow(
  options: ScenarioOptions,
  say: (line: string) => void,
): Promise<SlowOutcome> {
  const { clients, topics, seconds } = options
  const network = await OwnNetwork.start()
  if (network === null) {
    say('slow: no network of its own: that needs unshare, ip, and root or user namespaces')
  }
  let fleet: Fleet | null = null
  try {
    fleet = await Fleet.start({
      ...options,
      ...(network === null
        ? { bytes: options.bytes * WITHOUT_NETWORK }
        : { prefix: network.prefix }),
      broker: 'process',
      brokerServer: null,
      kinds: [
        { name: 'replay', overflow: 'replay' },
        { name: 'drop', overflow: 'dropOldest' },
        { name: 'cut', overflow: 'disconnect' },
      ],
      lagBytes: LAG_BYTES,
      slowOneIn: SLOW_ONE_IN,
    })
    say(`slow: ${clients} subscribers of ${topics} topics are there`)
    const memory = new MemorySampler(fleet.workerPids)
    fleet.publish()
    // The first publications find cold code, and are nobody's base.
    await pause(seconds * 100)
    await latencies(fleet)
    const { most: baseBytes } = await memory.over(() => pause(seconds * 500))
    const base = await latencies(fleet)
    for (const child of fleet.subscribers) child.ask('stall')
    say('slow: one in ten reads nothing')
    const { most: slowBytes } = await memory.over(() => pause(seconds * 1_000))
    const slow = await latencies(fleet)
    for (const child of fleet.subscribers) child.ask('read')
    say('slow: all read')
    const { published, shown } = await fleet.reports()
    const slowCount = slowClients(clients, topics)
    return {
      ...judge(
        published.topics,
        shown.flatMap((report) => report.topics),
      ),
      slow: slowCount,
      resumes: shown.reduce((sum, { resumeMs }) => sum + resumeMs.length, 0),
      baseP50Ms: quantile(base, 0.5),
      baseP99Ms: quantile(base, 0.99),
      slowP50Ms: quantile(slow, 0.5),
      slowP99Ms: quantile(slow, 0.99),
      baseBytes,
      slowBytes,
      boundBytes: Math.floor(baseBytes * 1.1) + slowCount * (LAG_BYTES + BESIDE_BYTES),
    }
  } finally {
    await fleet?.end()
    await network?.end()
  }
}

/** How many of so many clients stop reading. */
export function slowClients(clients: number, topics: number): number {
  let count = 0
  for (let n = 0; n < clients; n++) if (Math.floor(n / topics) % SLOW_ONE_IN === 0) count++
  return count
}

/** In how many milliseconds this part of the publications had come; the counts are those of 'latencies'. */
export function quantile(counts: readonly number[], part: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0)
  let seen = 0
  for (const [ms, count] of counts.entries()) {
    seen += count
    if (seen >= total * part && seen > 0) return ms + 1
  }
  return 0
}

/** Those of all processes of subscribers since they were last asked. */
async function latencies(fleet: Fleet): Promise<number[]> {
  const sums: number[] = []
  for (const child of fleet.subscribers) {
    const asked = child.told.filter(({ kind }) => kind === 'latencies').length
    child.ask('latencies')
    const { counts } = await child.nth('latencies', asked)
    for (const [ms, count] of counts.entries()) sums[ms] = (sums[ms] ?? 0) + count
  }
  return Array.from(sums, (count) => count ?? 0)
}

class MemorySampler {
  readonly #pids: readonly number[]

  constructor(pids: readonly number[]) {
    this.#pids = pids
  }

  /** The most that all of them took together while it ran. */
  async over(run: () => Promise<void>): Promise<{ readonly most: number }> {
    let most = 0
    const sample = (): void => {
      most = Math.max(
        most,
        this.#pids.reduce((sum, pid) => sum + residentBytes(pid), 0),
      )
    }
    sample()
    const timer = setInterval(sample, SAMPLE_MS)
    await run()
    clearInterval(timer)
    sample()
    return { most }
  }
}

/** @throws Error where the process is gone: a worker that died of its slow readers is a failed run. */
function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1_024
}

function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forMs))
}
