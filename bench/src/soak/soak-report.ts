// A soak as JSON keeps it and as a table shows it: at the start, each minute, at the end. Data and layout only.
import type { Environment } from '../report/environment.ts'
import { formatCount, formatDecimal, type Table } from '../report/table.ts'
import type { SoakSettings } from './soak.ts'
import type { Holding, Sample, SoakRun, Verdict } from './verdict.ts'

export interface SoakResult extends SoakRun {
  readonly rival: string
  readonly verdict: Verdict
}

export interface SoakReport {
  readonly suite: 'soak'
  readonly environment: Environment
  readonly settings: SoakSettings & {
    readonly serverCores: string
    readonly generatorCores: string
    /** What moves the generator's bytes. */
    readonly generator: string
  }
  /** Rivals that could not run on this machine, and why. */
  readonly missing: Readonly<Record<string, string>>
  readonly results: readonly SoakResult[]
  readonly seconds: number
}

const minuteMs = 60_000

export function soakTable(result: SoakResult): Table {
  const { rival, before, opened, gone, samples, verdict } = result
  return {
    title: `${rival}, ${formatCount(result.connectionCount)} connections held`,
    columns: ['', 'resident MiB', 'descriptors', 'messages', 'CPU %', 'CPU µs/message'],
    rows: [
      holdingRow('before', before),
      ...(opened === undefined ? [] : [holdingRow('opened', opened)]),
      ...byMinute(samples).map(minuteRow),
      ...(gone === undefined ? [] : [holdingRow('gone', gone)]),
    ],
    notes: [...notesOf(verdict), ...verdict.faults.map((fault) => `FAILED: ${fault}`)],
  }
}

/** Samples of one minute each, the last of them perhaps of less. */
export function byMinute(samples: readonly Sample[]): readonly (readonly Sample[])[] {
  const minutes: Sample[][] = []
  for (const sample of samples) {
    // Rounds end a little late: the sixth of ten seconds belongs to its minute all the same.
    const minute = Math.floor((sample.elapsedMs - sample.intervalMs / 2) / minuteMs)
    const sampled = (minutes[minute] ??= [])
    sampled.push(sample)
  }
  return minutes.filter((minute) => minute !== undefined)
}

function minuteRow(samples: readonly Sample[]): string[] {
  const last = samples.at(-1)!
  const sum = (key: 'messageCount' | 'cpuUs' | 'intervalMs'): number =>
    samples.reduce((total, sample) => total + sample[key], 0)
  const [messages, cpuUs] = [sum('messageCount'), sum('cpuUs')]
  return [
    ...holdingRow(`${formatDecimal(last.elapsedMs / minuteMs, 1)} min`, last).slice(0, 3),
    formatCount(messages),
    formatDecimal(cpuUs / sum('intervalMs') / 10, 1),
    formatDecimal(cpuUs / messages, 1),
  ]
}

function holdingRow(label: string, { residentBytes, descriptorCount }: Holding): string[] {
  const mib = formatDecimal(residentBytes / 2 ** 20, 2)
  return [label, mib, formatCount(descriptorCount), '', '', '']
}

function notesOf(verdict: Verdict): string[] {
  const kib = (bytes: number): string => `${formatCount(bytes / 1024)} KiB`
  const slope = kib(verdict.slopeBytesPerMinute)
  const window = formatDecimal(verdict.windowMinutes, 1)
  const { growthBytes, maxGrowthBytes, keptBytes, leakedDescriptorCount, faults } = verdict
  return [
    `resident memory: a slope of ${slope}/min over the last ${window} min, ` +
      `${kib(growthBytes)} in all; up to ${kib(maxGrowthBytes)} count as flat`,
    `after the connections are gone: ${kib(keptBytes)} more than before them, ` +
      `${formatCount(leakedDescriptorCount)} descriptors more`,
    ...(faults.length === 0
      ? ['flat; every connection held, every byte of every echo compared']
      : []),
  ]
}
