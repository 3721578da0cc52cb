import assert from 'node:assert/strict'
import { test } from 'node:test'
import { echoTable, idleMemoryTable } from '../../src/report/report.ts'
import type { EchoResult, EchoRound } from '../../src/scenarios/echo.ts'

const scenario = { connectionCount: 200, kind: 'binary', payloadBytes: 20 } as const

function result(rival: string, cpuUs: readonly number[], generatorBusy: number): EchoResult {
  const rounds = cpuUs.map((value): EchoRound => ({
    messages: 1000,
    messagesPerSecond: 1000,
    cpuUs: value,
    userUs: value / 4,
    systemUs: (value * 3) / 4,
    generatorBusy,
  }))
  return { rival, rounds }
}

test('an echo table shows median, spread, split and the ratio to the reference', () => {
  const table = echoTable(
    scenario,
    [result('a', [4, 6, 5], 0.5), result('ws', [8, 12, 10], 0.5)],
    'ws',
  )
  assert.deepEqual(table.rows[0], [
    'a',
    '5.00 (4.00–6.00)',
    '1.25 + 3.75',
    '1,000 (1,000–1,000)',
    '0.50 (0.50–0.50)',
    '50 %',
  ])
  assert.deepEqual(table.notes, [])
})

test('a run in which the generator was the bottleneck says so', () => {
  const table = echoTable(scenario, [result('a', [4], 0.98), result('ws', [8], 0.96)], 'ws')
  assert.equal(table.notes.length, 1)
  assert.match(table.notes[0] ?? '', /^a: the load generator was the bottleneck/)
})

test('without the reference there is no ratio', () => {
  assert.equal(echoTable(scenario, [result('a', [4], 0.5)], 'ws').rows[0]?.[4], '–')
})

test('a memory table shows the median of the fresh processes', () => {
  const samples = [3900, 4100, 4000].map((rssBytesPerConnection) => ({
    baselineRssBytes: 64 * 2 ** 20,
    heldRssBytes: 0,
    rssBytesPerConnection,
    pssBytesPerConnection: 0,
  }))
  const results = [{ rival: 'ws', samples }]
  const table = idleMemoryTable({ connectionCount: 5000, warmUpCount: 300 }, results, 'ws')
  assert.deepEqual(table.rows, [['ws', '4,000 (3,900–4,100)', '64.0', '1.00 (1.00–1.00)']])
})
