// One publication at a time, each timed until it is acknowledged. Knows nothing of brokers.
import { LatencyHistogram } from '../../src/load/latency-histogram.ts'
import type { Round } from '../../src/report/results.ts'

/** What all that are timed publish: 64 bytes. */
export const message: Buffer = Buffer.alloc(64, 'holdline')

/** What all topics with history keep. */
export const keptCount = 1_000

export async function timedRound(publish: () => Promise<unknown>, roundMs: number): Promise<Round> {
  const latency = new LatencyHistogram()
  let beforeMs = performance.now()
  const endMs = beforeMs + roundMs
  do {
    await publish()
    const nowMs = performance.now()
    latency.add((nowMs - beforeMs) * 1000)
    beforeMs = nowMs
  } while (beforeMs < endMs)
  const { count } = latency
  return { count, p50Us: latency.quantileUs(0.5), p99Us: latency.quantileUs(0.99) }
}
