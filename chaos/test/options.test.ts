import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseOptions } from '../options.ts'

test('all scenarios in their whole size by default, with one seed that is drawn', () => {
  const runs = parseOptions([])
  assert.deepEqual(
    runs.map(({ scenario, minFaults }) => [scenario, minFaults]),
    [
      ['workers', 100],
      ['nats', 10],
      ['redis', 10],
      ['slow', 0],
    ],
  )
  assert.equal(new Set(runs.map(({ seed }) => seed)).size, 1)
  const { clients, rate, seconds } = runs[0]!
  assert.deepEqual([clients, rate, seconds], [5_000, 2_000, 120])
  assert.deepEqual([runs[3]!.clients, runs[3]!.seconds], [10_000, 60])
})

test('what is set goes before a short run', () => {
  const [run, ...others] = parseOptions([
    ...['--smoke', '--seconds', '5', '--scenario', 'nats', '--seed', '7'],
  ])
  assert.deepEqual(others, [])
  assert.deepEqual(
    [run!.scenario, run!.seconds, run!.clients, run!.seed, run!.minFaults],
    ['nats', 5, 200, 7, 10],
  )
})

test('what makes no sense is refused, with how it is used', () => {
  for (const args of [['--scenario', 'fire'], ['--seconds', '0'], ['--rate', 'many'], ['--what']]) {
    assert.throws(() => parseOptions(args), Error)
  }
  assert.throws(() => parseOptions(['--clients', '1.5']), /npm run chaos/)
})
