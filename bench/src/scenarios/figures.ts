// Figures and metrics that several scenarios share.
import type { LoadRound } from '../load/commands.ts'
import type { Measured, Metric, Round } from '../report/results.ts'
import type { ServerCpu } from './lanes.ts'

const generatorBoundBusy = 0.97

/** @param noun - what is counted: a message, a delivery */
export function rateMetrics(noun: string, plural: string): Metric[] {
  return [
    { key: 'cpuUs', label: `CPU µs/${noun}`, digits: 2, better: 'lower' },
    { key: 'userUs', label: 'user', digits: 2 },
    { key: 'systemUs', label: 'system', digits: 2 },
    { key: 'perSecond', label: `${plural}/s`, digits: 0, better: 'higher' },
    { key: 'generatorBusy', label: 'generator busy, %', digits: 0 },
  ]
}

export function rateFigures(load: LoadRound, cpu: ServerCpu, count: number): Round {
  return {
    count,
    elapsedMs: load.elapsedMs,
    cpuUs: cpu.cpuUs / count,
    userUs: cpu.userUs / count,
    systemUs: cpu.systemUs / count,
    perSecond: (count / load.elapsedMs) * 1000,
    generatorBusy: (load.generatorCpuUs / 1000 / load.elapsedMs) * 100,
  }
}

/** Says so where the generator, not the server, set the pace in most rounds. */
export function withBottleneckNotes(results: readonly Measured[]): Measured[] {
  return results.map((measured) => {
    const busy = measured.rounds.filter(
      ({ generatorBusy = 0 }) => generatorBusy >= generatorBoundBusy * 100,
    )
    if (busy.length * 2 <= measured.rounds.length) return measured
    const note = "the load generator was the bottleneck; the rate is its limit, not the server's"
    return { ...measured, notes: [...measured.notes, note] }
  })
}

export function byteText(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KiB`
}

/** `1 connection`, `1,000 connections`. */
export function countOf(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`
}

export function countText(count: number): string {
  return count.toLocaleString('en-US')
}
