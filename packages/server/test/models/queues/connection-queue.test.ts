// The queue of a connection by itself; what it does to a line stands in dispatch.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queues } from 'holdline/queues'
import type { HeldConnection } from '../../../src/connection/held-connection.ts'
import { ConnectionQueue } from '../../../src/models/queues/connection-queue.ts'
import type { DispatchQueue } from '../../../src/models/queues/dispatch-queue.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function line(): { calls: unknown[]; connection: HeldConnection } {
  const calls: unknown[] = []
  const connection = {
    pauseFor: () => void calls.push('pause'),
    resumeFor: () => void calls.push('resume'),
    fail: (code: string, error: Error) => void calls.push([code, error.message]),
  } as unknown as HeldConnection
  return { calls, connection }
}

test('bytes that wait are a copy, of any length', async () => {
  const { connection } = line()
  const of = queues().serial() as DispatchQueue
  const seen: unknown[] = []
  const own = new ConnectionQueue(connection, (_, message) => void seen.push(message), of)
  const bytes = Uint8Array.of(1, 2)
  own.message(bytes)
  bytes.fill(9)
  assert.equal(own.isIdle, false)
  await turn()
  assert.deepEqual(seen, [Uint8Array.of(1, 2)])
  assert.equal(own.isIdle, true)
})

test('the line is held back from the sixteenth message on, until none waits', async () => {
  const { calls, connection } = line()
  const of = queues().serial() as DispatchQueue
  const own = new ConnectionQueue(connection, () => {}, of)
  of.suspend()
  for (let i = 0; i < 15; i++) own.message('x')
  assert.deepEqual(calls, [])
  own.message('x')
  assert.deepEqual(calls, ['pause'])
  of.resume()
  await turn()
  assert.deepEqual(calls, ['pause', 'resume'])
})

test('the line is held back from 64 KiB on', () => {
  const { calls, connection } = line()
  const of = queues().serial() as DispatchQueue
  const own = new ConnectionQueue(connection, () => {}, of)
  own.message('x'.repeat(65_535))
  assert.deepEqual(calls, [])
  own.message('x')
  assert.deepEqual(calls, ['pause'])
})

test('behind a failure messages are dropped, steps are not', async () => {
  const { calls, connection } = line()
  const of = queues().serial() as DispatchQueue
  const seen: unknown[] = []
  const own = new ConnectionQueue(
    connection,
    (_, message) => {
      seen.push(message)
      if (message === 'fail') throw new Error('meant')
    },
    of,
  )
  for (const message of ['ok', 'fail', 'dropped']) own.message(message)
  own.step(() => seen.push('step'))
  await turn()
  own.message('late')
  await turn()
  assert.deepEqual(seen, ['ok', 'fail', 'step'])
  assert.deepEqual(calls, [['ERR_HANDLER', 'meant'], 'resume'])
})

test('a promise that is held holds what comes, and its rejection is a failure', async () => {
  const { calls, connection } = line()
  const of = queues().serial() as DispatchQueue
  const seen: unknown[] = []
  const own = new ConnectionQueue(connection, (_, message) => void seen.push(message), of)
  const { promise, reject } = Promise.withResolvers<void>()
  own.hold(promise)
  own.message('behind')
  own.step(() => seen.push('step'))
  await turn()
  assert.deepEqual(seen, [])
  reject(new Error('meant'))
  await turn()
  assert.deepEqual(seen, ['step'])
  assert.deepEqual(calls, [['ERR_HANDLER', 'meant'], 'resume'])
  assert.equal(of.runningCount, 0)
})
