import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { chooseTestEngine } from './test-engine.ts'

const runsHere = (): Promise<null> => Promise.resolve(null)

test('servers are told the engine that ENGINE names', async () => {
  for (const engine of ['node', 'uring']) {
    const environment: NodeJS.ProcessEnv = { ENGINE: engine }
    assert.equal(await chooseTestEngine(environment, runsHere), null)
    assert.equal(environment['HOLDLINE_ENGINE'], engine)
  }
})

test('without ENGINE the choice is left open', async () => {
  for (const environment of [{}, { ENGINE: '' }]) {
    const copy: NodeJS.ProcessEnv = { ...environment }
    assert.equal(await chooseTestEngine(copy, runsHere), null)
    assert.deepEqual(copy, environment)
  }
})

test('an engine that does not exist, or cannot run here, is refused and told to nobody', async () => {
  const unknown: NodeJS.ProcessEnv = { ENGINE: 'urin' }
  const text = 'ENGINE is "urin", not one of node, uring'
  assert.equal(await chooseTestEngine(unknown, runsHere), text)
  const uring: NodeJS.ProcessEnv = { ENGINE: 'uring' }
  const refusal = await chooseTestEngine(uring, () => Promise.resolve('seccomp'))
  assert.equal(refusal, 'ENGINE is "uring", which cannot run here: seccomp')
  for (const environment of [unknown, uring]) assert.ok(!('HOLDLINE_ENGINE' in environment))
})

test('npm test ends with 2 before it tests anything', () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const program = join(import.meta.dirname, 'test.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'test-engine'], {
    env: { ...env, ENGINE: 'urin' },
    encoding: 'utf8',
  })
  assert.deepEqual([status, stdout], [2, ''])
  assert.match(stderr, /^ENGINE is "urin"/)
})
