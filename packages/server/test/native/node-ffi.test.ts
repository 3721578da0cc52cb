// Where node:ffi can be used, and what is said where it cannot.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { nodeFfi, whyNoFfi } from '../../src/native/node-ffi.ts'

const module = new URL('../../src/native/node-ffi.ts', import.meta.url).href

test('here it can be used, and nobody is warned of it', async () => {
  const warnings: string[] = []
  process.on('warning', ({ message }) => warnings.push(message))
  assert.equal(whyNoFfi('io_uring', '26.1'), null)
  assert.equal(typeof nodeFfi()!.getCurrentEventLoop(), 'bigint')
  assert.equal(nodeFfi(), nodeFfi())
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(warnings, [])
})

test('on another system the reason names both', (t) => {
  t.mock.property(process, 'platform', 'win32')
  assert.equal(whyNoFfi('epoll', '26.6'), "epoll is Linux's; this is win32")
})

test('in a worker thread it is not used: terminated, it would take the process along', async () => {
  const program =
    `import(${JSON.stringify(module)}).then(({ whyNoFfi }) =>\n` +
    `  require('node:worker_threads').parentPort.postMessage(whyNoFfi('io_uring', '26.1')))`
  const worker = new Worker(program, { eval: true })
  const [reason] = (await once(worker, 'message')) as [string]
  assert.match(reason, /worker thread .* abort/)
  await worker.terminate()
})

test('where Node is told to have none, the reason says what it needs', () => {
  const program =
    `import { nodeFfi, whyNoFfi } from ${JSON.stringify(module)}\n` +
    `process.stdout.write(JSON.stringify([whyNoFfi('io_uring', '26.1'), nodeFfi()]))`
  const { stdout } = spawnSync(
    process.execPath,
    ['--no-experimental-ffi', '--input-type=module', '-e', program],
    { encoding: 'utf8' },
  )
  const [reason, ffi] = JSON.parse(stdout) as [string, unknown]
  assert.match(reason, /has no node:ffi; it needs 26\.1, without --no-experimental-ffi/)
  assert.equal(ffi, null)
})
