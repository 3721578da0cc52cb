// Where the machine refuses what the fast engine needs: servers run all the same, and one line says why. Real
// refusals, each in a process of its own.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const programs = join(import.meta.dirname, 'programs')
const filter = pathToFileURL(join(programs, 'refuse-io-uring.ts')).href

interface Told {
  readonly chosen?: string
  readonly reason?: string
  readonly code?: string
  readonly message?: string
  readonly echoed?: string
  readonly info: readonly string[]
  readonly other: readonly string[]
}

async function run(engine: string, options: readonly string[], operator?: string): Promise<Told> {
  const { HOLDLINE_ENGINE: _, NODE_OPTIONS: __, ...env } = process.env
  const all = ['-C', 'source', ...options, join(programs, 'chosen-engine.ts'), engine]
  const { stdout } = await promisify(execFile)(process.execPath, all, {
    env: operator === undefined ? env : { ...env, HOLDLINE_ENGINE: operator },
    timeout: 20_000,
  })
  return JSON.parse(stdout) as Told
}

const refusals = [
  {
    what: 'no node:ffi',
    options: ['--no-experimental-ffi'],
    reason: `this Node (${process.version}) has no node:ffi; it needs 26.1, without --no-experimental-ffi`,
  },
  {
    what: 'io_uring_setup refused by seccomp',
    options: ['--disable-warning=ExperimentalWarning', '--import', filter],
    reason: 'the kernel refuses io_uring (EPERM): seccomp, or kernel.io_uring_disabled',
  },
]

for (const { what, options, reason } of refusals) {
  test(`${what}: auto serves on node and says why, in one line`, async () => {
    for (const operator of [undefined, 'uring']) {
      const { chosen, echoed, info, other } = await run('auto', options, operator)
      assert.deepEqual([chosen, echoed], ['node', 'hello'])
      assert.deepEqual(info, [`holdline: engine node (not uring: ${reason})`])
      assert.deepEqual(other, [])
    }
  })

  test(`${what}: who asks for uring by name is told that it cannot be had`, async () => {
    const { code, message, info } = await run('uring', options)
    assert.equal(code, 'ERR_ENGINE_UNAVAILABLE')
    assert.ok(message?.includes(`uring: ${reason}`) === true, String(message))
    assert.deepEqual(info, [])
  })

  test(`${what}: who asks for node gets it`, async () => {
    const { chosen, echoed, reason: told } = await run('node', options)
    assert.deepEqual([chosen, echoed, told], ['node', 'hello', 'asked for'])
  })
}

test('without a refusal auto takes uring, says so in one line, and warns of nothing', async () => {
  const { chosen, echoed, info, other } = await run('auto', [])
  assert.deepEqual([chosen, echoed], ['uring', 'hello'])
  assert.deepEqual(info, ['holdline: engine uring (the fastest, and it runs here)'])
  assert.deepEqual(other, [])
})

test('an operator who names no engine ends the start', async () => {
  const { code, message } = await run('auto', [], 'fastest')
  assert.equal(code, 'ERR_OPTION_INVALID')
  assert.match(message!, /HOLDLINE_ENGINE is "fastest"/)
})
