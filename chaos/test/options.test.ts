import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseOptions } from '../options.ts'

test('the whole run by default, with a seed that is drawn', () => {
  const options = parseOptions([])
  const { seed, ...rest } = options
  assert.ok(seed >= 1)
  assert.deepEqual(rest, {
    scenarios: ['workers', 'nats', 'redis'],
    seconds: 120,
    clients: 5_000,
    topics: 250,
    rate: 2_000,
    minFaults: 100,
  })
})

test('what is set goes before a short run', () => {
  const options = parseOptions(['--smoke', '--seconds', '5', '--scenario', 'nats', '--seed', '7'])
  assert.deepEqual(
    [options.scenarios, options.seconds, options.clients, options.seed],
    [['nats'], 5, 200, 7],
  )
})

test('what makes no sense is refused, with how it is used', () => {
  for (const args of [['--scenario', 'fire'], ['--seconds', '0'], ['--rate', 'many'], ['--what']]) {
    assert.throws(() => parseOptions(args), Error)
  }
  assert.throws(() => parseOptions(['--clients', '1.5']), /npm run chaos/)
})
