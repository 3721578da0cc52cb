// The server of a case: its canary, its fence, and what it insists on at the end.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryHarness, runCase } from '../../src/testing/index.ts'
import { echo } from '../../src/testing/contract-server.ts'
import { recorder } from '../../src/testing/recorder.ts'

const named = { name: 'a case' }

test('a case gets its routes and a canary beside them; all is closed at the end', async () => {
  const { behavior, calls } = recorder()
  await runCase(memoryHarness, {
    ...named,
    async run(serve) {
      const server = await serve({ '/a': { behavior }, '/b': { behavior: echo } })
      const peer = await server.connect('/b')
      peer.text('hello')
      assert.equal(await peer.message(), 'hello')
      const silent = await server.connect('/a')
      silent.text('x')
      await server.fence()
      assert.deepEqual(calls, ['open', 'message x'])
      const before = server.clock.now()
      await server.pass(500)
      assert.ok(server.clock.now() - before >= 500)
      assert.equal(server.acceptor.opened.length, 3)
    },
  })
  assert.deepEqual(calls, ['open', 'message x', 'close 1006'])
})

test('an assertion that fails within a handler fails the case', async () => {
  const running = runCase(memoryHarness, {
    ...named,
    async run(serve) {
      const server = await serve({
        behavior: { message: () => assert.fail('within a handler'), close: () => {} },
      })
      const peer = await server.connect()
      peer.text('x')
      await peer.closeFrame()
    },
  })
  await assert.rejects(running, /within a handler/)
})

test('what never becomes so fails the case, with what it was', async () => {
  const running = runCase(memoryHarness, {
    ...named,
    async run(serve) {
      const server = await serve({ behavior: echo })
      await server.until('the end of time', () => false)
    },
  })
  await assert.rejects(running, /in vain for the end of time/)
})
