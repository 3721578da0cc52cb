import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { queue } from 'holdline/queues'
import type * as Tasks from './tasks.ts'

const pool = queue.pool<typeof Tasks>(new URL('./tasks.ts', import.meta.url), { threads: 3 })
after(() => pool.close())

const shared = (length: number): Int32Array<SharedArrayBuffer> =>
  new Int32Array(new SharedArrayBuffer(4 * length))

test('a serial queue on a pool: at most one at a time, order kept', async () => {
  const serial = pool.serial()
  const places = shared(3)
  Atomics.store(places, 2, 1)
  const order = shared(21)
  const all = Array.from({ length: 20 }, (_, i) => [
    serial.run('meet', [places, 1]),
    serial.run('sign', [order, i]),
  ])
  await Promise.all(all.flat())
  assert.equal(Atomics.load(places, 1), 1)
  assert.deepEqual(
    [...order].slice(1),
    Array.from({ length: 20 }, (_, i) => i),
  )
})

test('a concurrent queue on a pool: its width, and barriers of its own', async () => {
  const two = pool.concurrent({ width: 2 })
  const places = shared(3)
  const running = [1, 2, 3].map(() => two.run('meet', [places, 1]))
  while (Atomics.load(places, 0) < 2) await new Promise((resolve) => setTimeout(resolve, 1))
  assert.equal(two.waitingCount, 1)
  let isBarrierDone = false
  const barrier = two.barrier('add', [1, 2]).then(() => (isBarrierDone = true))
  // Others on the pool are not held.
  assert.equal(await pool.run('add', [1, 2]), 3)
  assert.equal(isBarrierDone, false)
  Atomics.store(places, 2, 1)
  Atomics.notify(places, 2)
  await Promise.all([...running, barrier])
  assert.equal(Atomics.load(places, 1), 2)
})

test('a queue on a pool is suspended and resumed', async () => {
  const serial = pool.serial()
  serial.suspend()
  let isDone = false
  const result = serial.run('add', [1, 2]).finally(() => (isDone = true))
  assert.equal(await pool.run('add', [3, 4]), 7)
  assert.equal(isDone, false)
  serial.resume()
  assert.equal(await result, 3)
  assert.throws(() => serial.resume(), { code: 'ERR_QUEUE_RESUME' })
})

test('a task that fails holds the queue no longer', async () => {
  const serial = pool.serial({ limit: 2 })
  const failed = serial.run('fail', ['coded'])
  const died = serial.run('exit', [1])
  await assert.rejects(serial.run('add', [1, 2]), { code: 'ERR_QUEUE_FULL' })
  await assert.rejects(failed, { code: 'E_CODED' })
  await assert.rejects(died, { code: 'ERR_POOL_THREAD' })
  assert.equal(await serial.run('add', [1, 2]), 3)
})
