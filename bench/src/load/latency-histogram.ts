// Counts of latencies in µs, in buckets that are at most 1 % wide: memory and time of an addition do not depend on
// how many there are. Knows nothing of load.

/** Buckets per doubling: each is 0.54 % wide. */
const perDoubling = 128
/** The smallest that is told apart from zero: 1/16 µs. */
const smallestUs = 1 / 16
/** Up to 268 s; what is above counts as that. */
const bucketCount = perDoubling * 32

export class LatencyHistogram {
  readonly #counts = new Float64Array(bucketCount)
  #total = 0
  #highestUs = 0

  get count(): number {
    return this.#total
  }

  get highestUs(): number {
    return this.#highestUs
  }

  add(latencyUs: number): void {
    this.#counts[bucketOf(latencyUs)]!++
    this.#total++
    if (latencyUs > this.#highestUs) this.#highestUs = latencyUs
  }

  /** The latency that `fraction` of all do not exceed (nearest rank); not a number when there are none. */
  quantileUs(fraction: number): number {
    if (this.#total === 0) return Number.NaN
    let missing = Math.max(1, Math.ceil(fraction * this.#total))
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      missing -= this.#counts[bucket]!
      if (missing <= 0) return Math.min(upperEdgeUs(bucket), this.#highestUs)
    }
    return this.#highestUs
  }
}

function bucketOf(latencyUs: number): number {
  if (!(latencyUs > smallestUs)) return 0
  const bucket = Math.ceil(Math.log2(latencyUs / smallestUs) * perDoubling)
  return Math.min(bucket, bucketCount - 1)
}

function upperEdgeUs(bucket: number): number {
  return smallestUs * 2 ** (bucket / perDoubling)
}
