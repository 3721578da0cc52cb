// Maps values to pixels, and chooses the marks of an axis. Pure numbers.

export interface Scale {
  at(value: number): number
  readonly ticks: readonly number[]
}

/** From a round number below the smallest to a round number above the largest, 1, 2 and 5 being round. */
export function logScale(values: readonly number[], from: number, to: number): Scale {
  const finite = values.filter((value) => Number.isFinite(value) && value > 0)
  const lowest = Math.min(...(finite.length === 0 ? [1] : finite))
  const highest = Math.max(...(finite.length === 0 ? [10] : finite))
  const steps: number[] = []
  // One power more on each side: the logarithm of a number just below a power is rounded up to it.
  const from10 = Math.floor(Math.log10(lowest)) - 1
  const to10 = Math.ceil(Math.log10(highest)) + 1
  for (let power = from10; power <= to10; power++) {
    for (const digit of [1, 2, 5]) steps.push(Number(`${digit}e${power}`))
  }
  const first = steps.findLast((step) => step <= lowest) ?? lowest
  const last = steps.find((step) => step >= highest && step > first) ?? highest
  const span = Math.log(last / first)
  const inside = steps.filter((step) => step >= first && step <= last)
  return {
    at: (value) => from + (Math.log(value / first) / span) * (to - from),
    // A mark for each power of ten is enough where there are many.
    ticks:
      inside.length <= 10 ? inside : inside.filter((step) => Number.isInteger(Math.log10(step))),
  }
}

/** From zero to a round number above the largest. */
export function linearScale(values: readonly number[], from: number, to: number): Scale {
  const highest = Math.max(1e-9, ...values.filter(Number.isFinite))
  const power = 10 ** Math.floor(Math.log10(highest))
  const step = [0.2, 0.5, 1, 2].map((factor) => factor * power).find((each) => highest / each <= 6)!
  const count = Math.ceil(highest / step)
  return {
    at: (value) => from + (value / (step * count)) * (to - from),
    ticks: Array.from({ length: count + 1 }, (_, index) => index * step),
  }
}

/** 15000 → 15,000; 0.05 → 0.05. */
export function tickText(value: number): string {
  return Number(value.toPrecision(6)).toLocaleString('en-US', { maximumFractionDigits: 6 })
}
