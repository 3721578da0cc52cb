// What the samples of a soak say: whether memory grew, a descriptor was leaked or a connection lost. Pure.

export interface Sample {
  /** Since the traffic began. */
  readonly elapsedMs: number
  readonly residentBytes: number
  readonly descriptorCount: number
  /** Since the sample before. */
  readonly messageCount: number
  readonly cpuUs: number
  readonly intervalMs: number
}

/** What the server holds at one moment. */
export type Holding = Pick<Sample, 'residentBytes' | 'descriptorCount'>

export interface SoakRun {
  readonly connectionCount: number
  /** After a few hundred connections came and went. */
  readonly before: Holding
  /** All are open, and have said nothing yet. */
  readonly opened?: Holding
  readonly samples: readonly Sample[]
  /** A while after all connections were cut. */
  readonly gone?: Holding
  /** Why the run ended early: a connection was lost, an echo was wrong, the server ended. */
  readonly failure?: string
}

export interface Verdict {
  /** The least-squares line through the resident bytes of the window. */
  readonly slopeBytesPerMinute: number
  /** By how much that line rises from one end of the window to the other. */
  readonly growthBytes: number
  readonly maxGrowthBytes: number
  readonly windowMinutes: number
  /** Resident bytes after the connections are gone, less those before they came: pages that V8 keeps are among them. */
  readonly keptBytes: number
  readonly leakedDescriptorCount: number
  /** In one line each; none: the run passed. */
  readonly faults: readonly string[]
}

/** The first fifth belongs to compilers and heaps that find their size: of ten minutes the last eight count. */
const settlingShare = 0.2
const minuteMs = 60_000

export function judge(run: SoakRun, maxGrowthBytes: number): Verdict {
  const window = windowOf(run.samples)
  const slope = slopeOf(window.map(({ elapsedMs, residentBytes }) => [elapsedMs, residentBytes]))
  const windowMs = (window.at(-1)?.elapsedMs ?? 0) - (window[0]?.elapsedMs ?? 0)
  const growthBytes = slope * windowMs
  const { before, gone } = run
  const leakedDescriptorCount =
    gone === undefined ? Number.NaN : gone.descriptorCount - before.descriptorCount
  const faults: string[] = []
  if (run.failure !== undefined) faults.push(run.failure)
  else if (gone === undefined || window.length < 2) faults.push('the run is not complete')
  faults.push(...descriptorFaults(run))
  if (leakedDescriptorCount > 0) {
    faults.push(`${leakedDescriptorCount} descriptors are open after the connections are gone`)
  }
  if (growthBytes > maxGrowthBytes) {
    const kib = (bytes: number): number => Math.round(bytes / 1024)
    faults.push(
      `resident memory grew by ${kib(growthBytes)} KiB; ${kib(maxGrowthBytes)} are allowed`,
    )
  }
  return {
    slopeBytesPerMinute: slope * minuteMs,
    growthBytes,
    maxGrowthBytes,
    windowMinutes: windowMs / minuteMs,
    keptBytes: gone === undefined ? Number.NaN : gone.residentBytes - before.residentBytes,
    leakedDescriptorCount,
    faults,
  }
}

export function windowOf(samples: readonly Sample[]): readonly Sample[] {
  const endMs = samples.at(-1)?.elapsedMs ?? 0
  return samples.filter(({ elapsedMs }) => elapsedMs >= endMs * settlingShare)
}

/** Of the line through points (x, y) with the least sum of squared distances in y; NaN for fewer than two x. */
export function slopeOf(points: readonly (readonly [number, number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length
  let products = 0
  let squares = 0
  for (const [x, y] of points) {
    products += (x - meanX) * (y - meanY)
    squares += (x - meanX) ** 2
  }
  return products / squares
}

/** A held connection is a descriptor: fewer mean that one was lost, more from sample to sample that some leak. */
function descriptorFaults({ before, connectionCount, samples }: SoakRun): string[] {
  const counts = samples.map(({ descriptorCount }) => descriptorCount)
  if (counts.length === 0) return []
  const faults: string[] = []
  const missing = before.descriptorCount + connectionCount - Math.min(...counts)
  if (missing > 0) faults.push(`${missing} connections had no descriptor in the server`)
  const more = counts.at(-1)! - counts[0]!
  if (more > 0) faults.push(`${more} descriptors were opened during the traffic and stayed`)
  return faults
}
