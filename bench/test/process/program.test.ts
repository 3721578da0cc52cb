import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Program } from '../../src/process/program.ts'

const place = { file: 'rivals/brokers.ts', cores: '0,1' }

test('a program plays round after round', async () => {
  await using program = new Program({ ...place, commandLine: ['memory'] })
  for (const roundMs of [10, 20]) {
    const { count, p50Us } = await program.play(roundMs)
    assert.ok(count > 0 && p50Us > 0)
  }
})

test('what a program cannot do is told with its reason, in each round', async () => {
  await using program = new Program({ ...place, commandLine: ['redis', '127.0.0.1:1'] })
  for (let round = 0; round < 2; round++) {
    await assert.rejects(program.play(10), /redis|ECONNREFUSED|broker/i)
  }
})

test('a program that is not there has ended', async () => {
  await using program = new Program({ ...place, file: 'rivals/nosuch.ts', commandLine: [] })
  await assert.rejects(program.play(10), /ended by itself/)
})
