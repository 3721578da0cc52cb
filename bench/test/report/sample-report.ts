// A report with a bit of everything: two Holdlines, two rivals, a failure, a bottleneck, a skipped point.
import type { Measured, Report, ScenarioResult } from '../../src/report/results.ts'

function rounds(key: string, values: readonly number[], more: Record<string, number> = {}) {
  return values.map((value) => ({ [key]: value, ...more }))
}

function measured(rival: string, key: string, values: readonly number[]): Measured {
  return { rival, rounds: rounds(key, values), notes: [] }
}

const cpu = { key: 'cpuUs', label: 'CPU µs/message', digits: 2, better: 'lower' } as const
const rate = { key: 'perSecond', label: 'messages/s', digits: 0, better: 'higher' } as const

function echo(connectionCount: number, factor: number): ScenarioResult {
  const result = (rival: string, cost: number, notes: readonly string[] = []): Measured => ({
    rival,
    rounds: [0.9, 1, 1.1].map((spread) => ({
      cpuUs: cost * factor * spread,
      perSecond: 1e6 / (cost * factor * spread),
    })),
    notes,
  })
  return {
    kind: 'echo',
    name: `echo, ${connectionCount} connections, 20 B binary`,
    parameters: { connectionCount, kind: 'binary', payloadBytes: 20, window: 1 },
    metrics: [cpu, rate],
    results: [
      result('holdline-uring', 4),
      result('holdline-node', 8),
      result('ws', 10),
      result('bun', 5, ['the load generator was the bottleneck']),
    ],
    notes: [],
  }
}

const latencyMetrics = (['p50Us', 'p99Us', 'p999Us'] as const).map((key) => ({
  ...{ key, label: key, digits: 0, better: 'lower' as const },
}))

export const sampleReport: Report = {
  suite: 'default',
  against: 'ws',
  environment: {
    date: '2026-11-22T12:00:00.000Z',
    machine: 'A <small> machine',
    cores: 2,
    memoryBytes: 8 * 2 ** 30,
    kernel: 'Linux 6.18',
    node: '26.10.0',
    rivals: { 'holdline-uring': '0.1.0', ws: '8.23.0' },
    commit: 'abc',
  },
  settings: {
    ...{ roundCount: 3, roundMs: 100, processCount: 1 },
    ...{ serverCores: '0', generatorCores: '1', generator: 'io_uring' },
  },
  missing: { gorilla: 'Go is missing' },
  seconds: 10,
  scenarios: [
    echo(1, 8),
    echo(1000, 1),
    {
      ...echo(15_000, 1),
      name: 'echo, 15,000 connections, 256 KiB binary',
      ...{ results: [], skipped: 'skipped: 3,750 MiB would be in flight at once' },
    },
    {
      kind: 'idle-memory',
      name: 'idle memory, 15,000 connections held',
      parameters: { connectionCount: 15_000 },
      metrics: [
        { key: 'rssBytes', label: 'resident bytes/connection', digits: 0, better: 'lower' },
        { key: 'kernelBytes', label: 'kernel bytes/connection', digits: 0 },
      ],
      results: [
        measured('holdline-uring', 'rssBytes', [450, 440]),
        measured('ws', 'rssBytes', [7000, 7100]),
        { rival: 'bun', rounds: [], failure: 'exit code 1', notes: [] },
      ],
      notes: ['both ends of the line'],
    },
    {
      kind: 'latency',
      name: 'latency, at 60 % of what each can do',
      parameters: { share: 0.6 },
      metrics: latencyMetrics,
      results: [
        { rival: 'holdline-uring', rounds: [{ p50Us: 40, p99Us: 900, p999Us: 2000 }], notes: [] },
        { rival: 'bun', rounds: [{ p50Us: 50, p99Us: 300, p999Us: 400 }], notes: [] },
      ],
      notes: [],
    },
  ],
}
