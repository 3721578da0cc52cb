// The runner has to notice what it is there for: throws, slow inputs and endless loops.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FuzzResult } from './fuzz-worker.ts'
import { fuzz } from './fuzz.ts'

function fuzzCode(body: string, input?: string): Promise<FuzzResult> {
  const code = `export const target = { name: 'x', seeds: [Uint8Array.of(1, 2, 3, 4)], run(input) { ${body} } }`
  const targetUrl = `data:text/javascript,${encodeURIComponent(code)}`
  return fuzz({ targetUrl, seed: 7, runs: 5000, stallMs: 60, input })
}

test('a target that keeps its invariants runs to the end', async () => {
  assert.deepEqual(await fuzzCode(''), { runs: 5000, outcomes: { accepted: 5000 } })
})

test('a throw is reported with the input that caused it, which does so again alone', async () => {
  const body = 'if (input.length > 4 && input[0] === 255) throw new Error("too many")'
  const { failure, runs } = await fuzzCode(body)
  assert.match(failure?.reason ?? '', /too many/)
  // Shrunk: five octets are the fewest that do it.
  assert.match(failure?.input ?? '', /^ff.{8}$/)
  assert.ok(runs < 5000)
  const again = await fuzzCode(body, failure?.input)
  assert.deepEqual([again.failure?.input, again.runs], [failure?.input, 1])
})

test('a slow input is reported', async () => {
  const { failure } = await fuzzCode(
    'const end = performance.now() + (input[0] === 0 ? 100 : 0); while (performance.now() < end);',
  )
  assert.match(failure?.reason ?? '', /^took \d+ ms$/)
  assert.match(failure?.input ?? '', /^00/)
})

test('an endless loop is reported', async () => {
  const { failure } = await fuzzCode('while (input[1] === 255);')
  assert.equal(failure?.reason, 'stalled')
  assert.match(failure?.input ?? '', /^..ff/)
})
