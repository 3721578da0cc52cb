import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatTable } from '../../src/report/table.ts'
import { byMinute, soakTable } from '../../src/soak/soak-report.ts'
import { judge, type Sample, type SoakRun } from '../../src/soak/verdict.ts'

const samples: readonly Sample[] = Array.from({ length: 13 }, (_, i) => ({
  ...{ elapsedMs: (i + 1) * 10_100, residentBytes: 2 ** 20 * (100 + i), descriptorCount: 1025 },
  ...{ messageCount: 1000, cpuUs: 20_200, intervalMs: 10_100 },
}))

const run: SoakRun = {
  ...{ connectionCount: 1000, samples },
  before: { residentBytes: 2 ** 20 * 90, descriptorCount: 25 },
  opened: { residentBytes: 2 ** 20 * 95, descriptorCount: 1025 },
  gone: { residentBytes: 2 ** 20 * 91, descriptorCount: 25 },
}

test('rounds that end a little late belong to their minute', () => {
  assert.deepEqual(
    byMinute(samples).map(({ length }) => length),
    [6, 6, 1],
  )
})

test('a table has a row for the start, each minute and the end', () => {
  const verdict = judge(run, 100 * 2 ** 20)
  const table = soakTable({ rival: 'mine', ...run, verdict })
  assert.deepEqual(
    table.rows.map(([label]) => label),
    ['before', 'opened', '1.0 min', '2.0 min', '2.2 min', 'gone'],
  )
  assert.deepEqual(table.rows[2], ['1.0 min', '105.00', '1,025', '6,000', '0.2', '20.2'])
  const text = formatTable(table)
  assert.match(text, /1,024 KiB more than before them, 0 descriptors more/)
  assert.match(text, /! flat; every connection held/)
})

test('what failed is said, and nothing is called flat', () => {
  const verdict = judge({ ...run, failure: 'connection 3: the server closed it' }, 2 ** 20)
  const text = formatTable(soakTable({ rival: 'mine', ...run, verdict }))
  assert.match(text, /! FAILED: connection 3: the server closed it/)
  assert.match(text, /! FAILED: resident memory grew by/)
  assert.doesNotMatch(text, /! flat/)
})
