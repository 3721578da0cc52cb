// The way to the memory engine: lines that read, stop reading, end and break.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ContractAcceptor } from '../../src/testing/contract-acceptor.ts'
import { echo } from '../../src/testing/contract-server.ts'
import { memoryHarness } from '../../src/testing/memory-harness.ts'

const request = { path: '/', method: 'GET', headers: {}, behind: new Uint8Array(0) }

test('a line stops and starts reading, and time passes only while something is awaited', async () => {
  const engine = await memoryHarness.start(
    (clock) => new ContractAcceptor(clock, { '/': { behavior: echo } }),
  )
  const startMs = engine.clock.now()
  const line = await engine.dial(request)
  line.stopReading()
  let received = 0
  line.onBytes = (bytes) => (received += bytes.length)
  await engine.until('a turn', () => true)
  assert.deepEqual([received, engine.clock.now()], [0, startMs])
  line.startReading()
  assert.ok(received > 100)
  await assert.rejects(
    engine.until('never', () => false),
    /in vain for never/,
  )
  assert.ok(engine.clock.now() - startMs >= 60_000)
  assert.ok(!line.isClosed && !line.hasEnded)
  await engine.stop()
  assert.ok(line.isClosed)
  await assert.rejects(engine.dial(request), /Nobody listens/)
})
