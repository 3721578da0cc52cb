import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scenarioTable } from '../../src/report/scenario-table.ts'
import { sampleReport } from './sample-report.ts'

const [, echo, skipped, memory] = sampleReport.scenarios

test('a table shows median, spread and the ratios to the reference', () => {
  const table = scenarioTable(echo, 'ws')
  assert.deepEqual(table.columns, [
    '',
    ...['CPU µs/message', 'messages/s'],
    ...['CPU, ws = 1', 'messages, ws = 1'],
  ])
  assert.deepEqual(table.rows[0], [
    'holdline-uring',
    '4.00 (3.60–4.40)',
    '250,000 (227,273–277,778)',
    '0.40 (0.40–0.40)',
    '0.40 (0.40–0.40)',
  ])
  assert.deepEqual(table.notes, ['bun: the load generator was the bottleneck'])
})

test('a rival that failed says so in its cells, and why below', () => {
  const table = scenarioTable(memory, 'ws')
  assert.deepEqual(table.rows[2], ['bun', 'failed', 'failed', '–'])
  assert.ok(table.notes.includes('bun failed: exit code 1'))
})

test('a point that was skipped says why', () => {
  const { columns, rows } = scenarioTable(skipped, 'ws')
  assert.match(columns[0], /^skipped: 3,750 MiB/)
  assert.deepEqual(rows, [])
})

test('without the reference there is no ratio', () => {
  assert.equal(scenarioTable(echo, 'nosuch').rows[0]?.[3], '–')
})
