// The short run, as `npm run chaos -- --smoke` does it: real workers that are killed, real nats-server and redis-server.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

const run = join(import.meta.dirname, '..', 'run.ts')

for (const scenario of ['workers', 'nats', 'redis']) {
  test(`${scenario}: faults are done, and nothing acknowledged is lost, shown twice or out of order`, () => {
    const options = ['--smoke', '--seconds', scenario === 'workers' ? '8' : '15']
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['-C', 'source', run, ...options, '--scenario', scenario],
      { encoding: 'utf8', timeout: 120_000 },
    )
    assert.equal(status, 0, `${stdout}\n${stderr}`)
    const row = stdout
      .split('\n')
      .find((line) => line.startsWith(`| ${scenario} |`))!
      .split('|')
      .map((cell) => Number(cell))
    const [, , faults, acknowledged, shown, lost, told, twice, disorders] = row
    assert.ok(faults! >= 6, stdout)
    assert.ok(acknowledged! >= 100, stdout)
    assert.ok(shown! >= acknowledged! * 10, stdout)
    assert.deepEqual([lost, told, twice, disorders], [0, 0, 0, 0], stdout)
  })
}
