// What is beyond the tests of whole programs in worker.test.ts.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { RunningProgram } from './running-program.ts'

test('a program that is no file cannot have workers, and says so', () => {
  const script = `
    const { serve } = await import('holdline')
    await serve({ processes: 2, port: 0 }).catch((error) => console.log(error.code, error.detail))`
  const { stdout } = spawnSync(
    process.execPath,
    ['-C', 'source', '--input-type=module', '-e', script],
    { cwd: import.meta.dirname, encoding: 'utf8' },
  )
  assert.equal(stdout.trim(), 'ERR_WORKER_START the program was not started from a file')
})

test('workers run with the arguments and the options of the program', async () => {
  // Without `-C source` and its argument a worker would find neither the package nor its options.
  await using program = new RunningProgram({ processes: 2 })
  await program.listening(2)
})

test('a program in a worker that is not of a supervisor serves by itself', async () => {
  await using program = new RunningProgram({}, 'own-cluster.ts')
  const [fact] = await program.factsWith(({ message }) => message !== undefined)
  assert.equal(fact!.message, 'worker 0 of 1')
  assert.equal(await program.exit, 0)
})
