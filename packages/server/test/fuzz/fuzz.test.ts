// Runs every target of targets/ with mutated inputs: 50,000 in all, or FUZZ_RUNS. To repeat a run, set
// FUZZ_SEED to the seed it printed; to try one input, FUZZ_TARGET and FUZZ_INPUT (hex).
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { HoldlineError } from '../../src/protocol/errors.ts'
import type { FuzzTarget } from './fuzz-target.ts'
import { fuzz } from './fuzz.ts'

const stallMs = 1000
const totalRuns = wholeNumber('FUZZ_RUNS') ?? 50_000
const seed = wholeNumber('FUZZ_SEED') ?? Date.now() % 2 ** 32
const folder = new URL('targets/', import.meta.url)
const files = readdirSync(folder).filter((file) => file.endsWith('.ts'))
const chosen = files.filter(
  (file) => file === `${process.env['FUZZ_TARGET'] ?? file.slice(0, -3)}.ts`,
)
const runs = Math.ceil(totalRuns / chosen.length)

describe(`fuzz: FUZZ_SEED=${seed} FUZZ_RUNS=${totalRuns}`, () => {
  test('there are targets', () => {
    assert.ok(
      chosen.length > 0,
      `no target ${process.env['FUZZ_TARGET']} among ${files.join(', ')}`,
    )
  })

  for (const file of chosen) {
    const targetUrl = new URL(file, folder).href
    const name = file.slice(0, -3)

    test(`${name} accepts a seed, and keeps its invariants on all of them`, async () => {
      const { target } = (await import(targetUrl)) as { target: FuzzTarget }
      assert.equal(target.name, name)
      const accepted = target.seeds.filter((input) => {
        try {
          target.run(input.slice())
          return true
        } catch (error) {
          if (error instanceof HoldlineError) return false
          throw error
        }
      })
      assert.ok(accepted.length > 0)
    })

    test(`${name} under ${runs} inputs`, async (t) => {
      const input = process.env['FUZZ_INPUT']
      const result = await fuzz({ targetUrl, seed, runs, stallMs, input })
      t.diagnostic(`${name}: ${result.runs} inputs, ${JSON.stringify(result.outcomes)}`)
      if (result.failure !== undefined) {
        const { reason, input: hex } = result.failure
        const again = `FUZZ_TARGET=${name} FUZZ_INPUT=${hex}`
        assert.fail(`${name}, seed ${seed}, input ${result.runs}: ${reason}\nTo repeat: ${again}`)
      }
      assert.equal(result.runs, input === undefined ? runs : 1)
    })
  }
})

function wholeNumber(name: string): number | undefined {
  const text = process.env[name]
  if (text === undefined || text === '') return undefined
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0)
    throw new Error(`${name} is a whole number, not ${text}`)
  return value
}
