// Seeded histories of publishers and subscribers through chaos: nothing that was acknowledged is lost in silence, nothing
// comes twice or out of order, everything recovers. As many as fit into five seconds, up to 1,000, others each time;
// HISTORIES=10000 runs so many on all cores however long they take, HISTORIES_SEED the same ones again.

import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { faultKinds } from 'holdline/testing'
import { keepingKinds, runHistory } from './history-run.ts'
import type { HistoryRunResult } from './history-run.ts'
import { add, nothingYet } from './many-histories.ts'
import type { Share, Sum } from './many-histories.ts'

const asked = Number(process.env['HISTORIES'] ?? 0)
const firstSeed = Number(process.env['HISTORIES_SEED'] ?? randomInt(2 ** 40))

test('no policy, fault or interleaving of seeded histories loses anything in silence', async (t) => {
  t.diagnostic(`HISTORIES_SEED=${firstSeed}`)
  const workerCount = asked > 0 ? availableParallelism() : 1
  const count = Math.ceil((asked > 0 ? asked : 1_000) / workerCount)
  const budgetMs = asked > 0 ? Infinity : 5_000
  const startedAt = performance.now()
  const shares = Array.from({ length: workerCount }, (_, i) =>
    runInThread({ firstSeed: firstSeed + i * count, count, budgetMs }),
  )
  const sum = nothingYet()
  for (const one of await Promise.all(shares)) add(sum, one, one.histories)
  const tookMs = Math.round(performance.now() - startedAt)
  t.diagnostic(JSON.stringify({ ...sum, tookMs }))
  assert.ok(sum.histories >= Math.max(asked, 20), `${sum.histories} histories are too few`)
  assert.ok(sum.received > sum.histories * 5)
  assert.ok(sum.gaps > 0)
  for (const kind of faultKinds) assert.ok(sum.faults[kind] > 0, `${kind} was never done`)
})

test('where history is kept and everybody reads, nobody is told of a gap', async () => {
  for (let seed = firstSeed; seed < firstSeed + 20; seed++) {
    const result = await runHistory({ seed, chaosMs: 10_000, kinds: keepingKinds })
    assert.equal(result.gaps, 0, `seed ${seed}`)
    assert.ok(result.faultCount > 0)
  }
})

test('the same seed gives the same history', async () => {
  const run = (seed: number): Promise<HistoryRunResult> => runHistory({ seed, chaosMs: 30_000 })
  const one = await run(11)
  assert.deepEqual(await run(11), one)
  assert.notEqual((await run(12)).hash, one.hash)
})

/** In a thread of its own: several run at once. */
async function runInThread(share: Share): Promise<Sum> {
  const worker = new Worker(new URL('many-histories.ts', import.meta.url), { workerData: share })
  const [sum] = (await once(worker, 'message')) as [Sum]
  return sum
}
