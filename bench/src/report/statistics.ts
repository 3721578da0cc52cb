// Medians and spreads of a few rounds. Knows numbers only.

export interface Summary {
  readonly median: number
  readonly lowest: number
  readonly highest: number
}

export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

export function summarize(values: readonly number[]): Summary {
  if (values.length === 0) return { median: Number.NaN, lowest: Number.NaN, highest: Number.NaN }
  return { median: median(values), lowest: Math.min(...values), highest: Math.max(...values) }
}

/**
 * The summary of `values[i] / against[i]`. Rounds are interleaved, so round i of both ran next to each
 * other, and what else the machine did then cancels out better than in a ratio of two medians.
 */
export function summarizeRatios(values: readonly number[], against: readonly number[]): Summary {
  const pairs = Math.min(values.length, against.length)
  const ratios: number[] = []
  for (let i = 0; i < pairs; i++)
    ratios.push((values[i] ?? Number.NaN) / (against[i] ?? Number.NaN))
  return summarize(ratios)
}
