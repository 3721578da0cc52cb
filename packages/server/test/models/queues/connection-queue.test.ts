// The queue of a connection by itself; what it does to a line stands in dispatch.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queues } from 'holdline/queues'
import type { Queues } from 'holdline/queues'
import type { HeldConnection } from '../../../src/connection/held-connection.ts'
import { ConnectionQueue } from '../../../src/models/queues/connection-queue.ts'
import type { DispatchQueue } from '../../../src/models/queues/dispatch-queue.ts'

/** Queues whose turn ends by the number of blocks alone: how slow the machine is does not matter. */
const family = (): Queues => queues({ budget: { ms: Infinity } })

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

interface Line {
  readonly calls: unknown[]
  readonly connection: HeldConnection
}

/** The queue of a connection that tells what is done to it. */
function ownQueue(
  { connection, calls }: Line,
  handle: (message: string | Uint8Array) => unknown = () => {},
  target: DispatchQueue | null = null,
): ConnectionQueue {
  const handlers = {
    handle: (_: HeldConnection, message: string | Uint8Array) => handle(message),
    idle: () => void calls.push('idle'),
  }
  const { scheduler } = target ?? (family().serial() as DispatchQueue)
  return new ConnectionQueue(connection, handlers, scheduler, target)
}

function line(): Line {
  const calls: unknown[] = []
  const connection = {
    pauseFor: () => void calls.push('pause'),
    resumeFor: () => void calls.push('resume'),
    fail: (code: string, error: Error) => void calls.push([code, error.message]),
  } as unknown as HeldConnection
  return { calls, connection }
}

test('bytes that wait are a copy, of any length', async () => {
  const on = line()
  const seen: unknown[] = []
  const own = ownQueue(on, (message) => void seen.push(message))
  const bytes = Uint8Array.of(1, 2)
  own.message(bytes)
  bytes.fill(9)
  assert.equal(own.isIdle, false)
  await turn()
  assert.deepEqual(seen, [Uint8Array.of(1, 2)])
  assert.equal(own.isIdle, true)
})

test('the line is held back from the sixteenth message on, until none waits', async () => {
  const on = line()
  const { calls } = on
  const own = ownQueue(on)
  own.suspend()
  for (let i = 0; i < 15; i++) own.message('x')
  assert.deepEqual(calls, [])
  own.message('x')
  assert.deepEqual(calls, ['pause'])
  own.resume()
  await turn()
  assert.deepEqual(calls, ['pause', 'resume', 'idle'])
})

test('the line is held back from 64 KiB on', () => {
  const on = line()
  const { calls } = on
  const own = ownQueue(on)
  own.message('x'.repeat(65_535))
  assert.deepEqual(calls, [])
  own.message('x')
  assert.deepEqual(calls, ['pause'])
})

test('behind a failure messages are dropped, steps are not', async () => {
  const on = line()
  const { calls } = on
  const seen: unknown[] = []
  const own = ownQueue(on, (message) => {
    seen.push(message)
    if (message === 'fail') throw new Error('meant')
  })
  for (const message of ['ok', 'fail', 'dropped']) own.message(message)
  own.step(() => seen.push('step'))
  await turn()
  own.message('late')
  await turn()
  assert.deepEqual(seen, ['ok', 'fail', 'step'])
  assert.deepEqual(calls, [['ERR_HANDLER', 'meant'], 'resume', 'idle'])
})

test('a promise that is held holds what comes, and its rejection is a failure', async () => {
  const on = line()
  const { calls } = on
  const seen: unknown[] = []
  const own = ownQueue(on, (message) => void seen.push(message))
  const { promise, reject } = Promise.withResolvers<void>()
  own.wait(promise)
  own.message('behind')
  own.step(() => seen.push('step'))
  await turn()
  assert.deepEqual(seen, [])
  reject(new Error('meant'))
  await turn()
  assert.deepEqual(seen, ['step'])
  assert.deepEqual(calls, [['ERR_HANDLER', 'meant'], 'resume', 'idle'])
  assert.equal(own.runningCount, 0)
})

test('it is idle when nothing waits or is under way, each time', async () => {
  const on = line()
  const target = family().serial() as DispatchQueue
  const own = ownQueue(on, () => turn(), target)
  own.message('one')
  own.message('two')
  await turn()
  assert.deepEqual(on.calls, [])
  await own.async(() => {})
  assert.deepEqual(on.calls, ['resume', 'idle'])
  assert.equal(target.runningCount, 0)
})
