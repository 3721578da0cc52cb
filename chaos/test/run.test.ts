// The short run, as `npm run chaos -- --smoke` does it: real workers that are killed, real nats-server and redis-server,
// and subscribers that stop reading.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

const program = join(import.meta.dirname, '..', 'run.ts')

/** The row of the scenario, by the heads of its columns. */
function run(scenario: string, ...more: string[]): Record<string, number> {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['-C', 'source', program, '--smoke', '--scenario', scenario, ...more],
    { encoding: 'utf8', timeout: 120_000 },
  )
  assert.equal(status, 0, `${stdout}\n${stderr}`)
  const cellsOf = (begin: string): string[] =>
    stdout
      .split('\n')
      .find((line) => line.startsWith(begin))!
      .split('|')
      .map((cell) => cell.trim())
  const cells = cellsOf(`| ${scenario} |`)
  const row: Record<string, number> = {}
  for (const [at, head] of cellsOf('| scenario |').entries()) row[head] ??= Number(cells[at])
  return row
}

for (const scenario of ['workers', 'nats', 'redis']) {
  test(`${scenario}: faults are done, and nothing acknowledged is lost, shown twice or out of order`, () => {
    const row = run(scenario, '--seconds', scenario === 'workers' ? '8' : '10')
    const shown = JSON.stringify(row)
    assert.ok(row['faults']! >= 6, shown)
    assert.ok(row['acknowledged']! >= 100, shown)
    assert.ok(row['shown']! >= row['acknowledged']! * 10, shown)
    assert.deepEqual(
      [row['lost'], row['missing, told'], row['twice'], row['out of order']],
      [0, 0, 0, 0],
      shown,
    )
  })
}

test('slow: each subscriber that reads nothing for a while is shown or told all, within its bound', () => {
  const row = run('slow')
  const shown = JSON.stringify(row)
  assert.ok(row['slow']! >= 12 && row['gaps told']! + row['resumes']! >= 4, shown)
  assert.deepEqual([row['lost'], row['twice'], row['out of order']], [0, 0, 0], shown)
  // Everything was shown to each of the 20 subscribers of its topic, or it was told.
  assert.equal(row['shown']! + row['missing, told']!, row['acknowledged']! * 20, shown)
})
