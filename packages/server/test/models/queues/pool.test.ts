// Queues on threads, with threads.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Pool, queue } from 'holdline/queues'
import type * as Tasks from './tasks.ts'

const tasks = new URL('./tasks.ts', import.meta.url)
const shared = (length: number): Int32Array<SharedArrayBuffer> =>
  new Int32Array(new SharedArrayBuffer(4 * length))
const letGo = (places: Int32Array, go: number): void => {
  Atomics.store(places, 2, go)
  Atomics.notify(places, 2)
}
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1))
}

const pool = queue.pool<typeof Tasks>(tasks, { threads: 2 })
after(() => pool.close())

test('a task runs on a thread and gives what it returned', async () => {
  assert.ok(pool instanceof Pool)
  assert.equal(await pool.run('add', [1, 2]), 3)
  assert.notEqual(await pool.run('thread', []), 0)
  // Without the type at the pool, the call names it.
  const untyped = queue.pool(tasks, { threads: 1 })
  assert.equal(await untyped.run<typeof Tasks, 'add'>('add', [3, 4]), 7)
  await untyped.close()
  // @ts-expect-error -- the arguments are those of the task
  await pool.run('add', ['1'])
  // @ts-expect-error -- there is no such task
  await assert.rejects(pool.run('none', []))
})

test('the event loop goes on while a task computes', async () => {
  let turns = 0
  let isDone = false
  void pool.run('spin', [50]).then(() => (isDone = true))
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve))
    turns++
  }
  assert.ok(turns > 10)
})

test('a transferred buffer is detached when run returns, and what a task returns is moved back', async () => {
  const bytes = new Uint8Array(1_000_000)
  const running = pool.run('fill', [bytes, 7], { transfer: [bytes.buffer] })
  assert.equal(bytes.length, 0)
  const back = await running
  assert.equal(back.length, 1_000_000)
  assert.equal(back[999_999], 7)
})

test('without transfer arguments are copies, as they were when run was called', async () => {
  const bytes = new Uint8Array([1, 2, 3])
  const running = pool.run('fill', [bytes, 7])
  bytes.fill(9)
  assert.deepEqual(await running, Uint8Array.of(7, 7, 7))
  assert.deepEqual(bytes, Uint8Array.of(9, 9, 9))
  const copied = pool.run('first', [bytes])
  bytes.fill(1)
  assert.deepEqual(await copied, Uint8Array.of(9))
})

test('buffers within a result are moved when the task says so', async () => {
  const { bytes, size } = await pool.run('inObject', [new Uint8Array(10).fill(5)])
  assert.equal(size, 10)
  assert.deepEqual(bytes, new Uint8Array(10).fill(5))
})

test('errors of a task are revived: class, code, cause, stack', async () => {
  await assert.rejects(pool.run('fail', ['range']), (error: Error) => {
    assert.ok(error instanceof RangeError)
    assert.equal(error.message, 'out of range')
    assert.equal((error.cause as Error).message, 'the cause')
    assert.match(error.stack!, /tasks\.ts/)
    return true
  })
  await assert.rejects(pool.run('fail', ['coded']), { message: 'coded', code: 'E_CODED' })
  await assert.rejects(pool.run('fail', ['holdline']), {
    name: 'HoldlineError',
    code: 'ERR_TOPIC_NAME',
    detail: 'x',
  })
  await assert.rejects(pool.run('fail', ['thing']), (error) => {
    assert.deepEqual(error, { kind: 'thing' })
    return true
  })
})

test('a task that does not exist, or a file that does not load, is a typed error', async () => {
  const unknown = { code: 'ERR_POOL_TASK' }
  await assert.rejects(pool.run('nothing' as 'add', [1, 2]), unknown)
  await assert.rejects(pool.run('toString' as 'add', [1, 2]), unknown)
  await assert.rejects(pool.run('notAFunction' as 'add', [1, 2]), unknown)
  await using bad = queue.pool<typeof Tasks>(new URL('./no-such-tasks.ts', import.meta.url))
  await assert.rejects(bad.run('add', [1, 2]), (error: Error & { code: string }) => {
    assert.equal(error.code, 'ERR_POOL_TASK')
    assert.match((error.cause as Error).message, /no-such-tasks/)
    return true
  })
})

test('what cannot be sent is a typed error, and the thread lives', async () => {
  const clone = { code: 'ERR_POOL_CLONE' }
  const id = new Set(await Promise.all([pool.run('thread', []), pool.run('thread', [])]))
  await assert.rejects(pool.run('add', [(() => {}) as unknown as number, 2]), clone)
  await assert.rejects(pool.run('uncloneable', []), clone)
  const gone = new Uint8Array(1)
  structuredClone(gone, { transfer: [gone.buffer] })
  await assert.rejects(pool.run('fill', [gone, 1], { transfer: [gone.buffer] }), clone)
  assert.ok(id.has(await pool.run('thread', [])))
})

test('a thread that dies fails its own task, and the pool lives', async () => {
  const ended = { code: 'ERR_POOL_THREAD' }
  const places = shared(3)
  const other = pool.run('meet', [places, 1])
  await until(() => Atomics.load(places, 0) === 1)
  await assert.rejects(pool.run('exit', [3]), { ...ended, message: /code: 3/ })
  await assert.rejects(pool.run('failLater', []), (error: Error & { code: string }) => {
    assert.equal(error.code, 'ERR_POOL_THREAD')
    assert.equal((error.cause as Error).message, 'outside of the task')
    return true
  })
  letGo(places, 1)
  assert.equal(await other, 1)
  assert.equal(await pool.run('add', [1, 2]), 3)
})

test('a task that runs out of memory fails, and the pool lives', async () => {
  await using small = queue.pool<typeof Tasks>(tasks, {
    threads: 1,
    resourceLimits: { maxOldGenerationSizeMb: 32 },
  })
  await assert.rejects(small.run('eatMemory', []), (error: Error & { code: string }) => {
    assert.equal(error.code, 'ERR_POOL_THREAD')
    assert.equal((error.cause as { code?: unknown }).code, 'ERR_WORKER_OUT_OF_MEMORY')
    return true
  })
  assert.equal(await small.run('add', [1, 2]), 3)
})

test('a pool whose threads cannot start tells its tasks so', async () => {
  await using tiny = queue.pool<typeof Tasks>(tasks, {
    threads: 2,
    resourceLimits: { maxOldGenerationSizeMb: 6 },
  })
  for (let i = 0; i < 2; i++) {
    await assert.rejects(tiny.run('add', [1, 2]), (error: Error & { code: string }) => {
      assert.equal(error.code, 'ERR_POOL_THREAD')
      assert.equal((error.cause as { code?: unknown }).code, 'ERR_WORKER_OUT_OF_MEMORY')
      return true
    })
  }
  await assert.rejects(tiny.serial().run('add', [1, 2]), { code: 'ERR_POOL_THREAD' })
})

test('QoS: what is more urgent gets a thread first', async () => {
  await using one = queue.pool<typeof Tasks>(tasks, { threads: 1 })
  const [places, order] = [shared(3), shared(8)]
  const holding = one.run('meet', [places, 1])
  await until(() => Atomics.load(places, 0) === 1)
  const all = (['background', 'default', 'interactive', 'utility', 'initiated'] as const).map(
    (qos, i) => one.run('sign', [order, i + 1], { qos, signal: new AbortController().signal }),
  )
  await until(() => one.waitingCount === 5)
  assert.equal(one.runningCount, 1)
  letGo(places, 1)
  await Promise.all([holding, ...all])
  assert.deepEqual([...order].slice(1, 6), [3, 5, 2, 4, 1])
})

test('a task is called off by its signal: while it waits, and while it runs', async () => {
  await using one = queue.pool<typeof Tasks>(tasks, { threads: 1 })
  const places = shared(3)
  const [first, second] = [new AbortController(), new AbortController()]
  const running = one.run('meet', [places, 1], { signal: first.signal })
  await until(() => Atomics.load(places, 0) === 1)
  const waiting = one.run('add', [1, 2], { signal: second.signal })
  await until(() => one.waitingCount === 1)
  const reason = new Error('no more')
  second.abort(reason)
  await assert.rejects(waiting, reason)
  assert.equal(one.waitingCount, 0)
  first.abort(reason)
  await assert.rejects(running, reason)
  assert.equal(await one.run('add', [1, 2]), 3)
  await assert.rejects(one.run('add', [1, 2], { signal: first.signal }), reason)
})

test('a pool that is full refuses with a typed error', async () => {
  await using one = queue.pool<typeof Tasks>(tasks, { threads: 1, limit: 1 })
  const places = shared(3)
  const running = one.run('meet', [places, 1])
  const waiting = one.run('add', [1, 2])
  await assert.rejects(one.run('add', [1, 2]), { code: 'ERR_QUEUE_FULL' })
  letGo(places, 1)
  await running
  assert.equal(await waiting, 3)
})

test('a barrier waits for earlier tasks, runs alone, blocks later ones', async () => {
  const [before, within] = [shared(3), shared(3)]
  const earlier = pool.run('meet', [before, 1])
  const barrier = pool.barrier('meet', [within, 1])
  let isLaterDone = false
  const later = pool.run('add', [1, 2]).then(() => (isLaterDone = true))
  await until(() => Atomics.load(before, 0) === 1)
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(Atomics.load(within, 0), 0)
  letGo(before, 1)
  await earlier
  await until(() => Atomics.load(within, 0) === 1)
  assert.equal(pool.runningCount, 1)
  assert.equal(isLaterDone, false)
  letGo(within, 1)
  await Promise.all([barrier, later])
})

test('close waits for the tasks it has and takes no more', async () => {
  const closing = queue.pool<typeof Tasks>(tasks, { threads: 1 })
  const places = shared(3)
  const running = closing.run('meet', [places, 1])
  const all = Promise.all([1, 2, 3].map((n) => closing.run('add', [n, n])))
  await until(() => Atomics.load(places, 0) === 1)
  let isClosed = false
  const closed = closing.close().then(() => (isClosed = true))
  await assert.rejects(closing.run('add', [1, 2]), { code: 'ERR_POOL_CLOSED' })
  assert.equal(isClosed, false)
  letGo(places, 1)
  await closed
  assert.equal(await running, 1)
  assert.deepEqual(await all, [2, 4, 6])
  await closing.close()
})

test('terminate ends what runs and what waits', async () => {
  const ending = queue.pool<typeof Tasks>(tasks, { threads: 1 })
  const places = shared(3)
  const serial = ending.serial()
  const all = [
    ending.run('meet', [places, 1]),
    ending.run('add', [1, 2]),
    serial.run('add', [1, 2]),
    serial.run('add', [1, 2]),
  ].map((task) => assert.rejects(task, { code: 'ERR_POOL_CLOSED' }))
  await until(() => Atomics.load(places, 0) === 1)
  await ending.terminate()
  await Promise.all(all)
  assert.equal(ending.runningCount, 0)
})

test('options that mean nothing are refused', () => {
  const invalid = { code: 'ERR_OPTION_INVALID' }
  assert.throws(() => queue.pool('./tasks.ts' as unknown as URL), invalid)
  assert.throws(() => queue.pool(new URL('https://example.com/tasks.js')), invalid)
  assert.throws(() => queue.pool(tasks, { threads: 0 }), invalid)
  assert.throws(() => queue.pool(tasks, { threads: Infinity }), invalid)
  assert.throws(() => queue.pool(tasks, { limit: 0 }), invalid)
  assert.throws(() => queue.pool(tasks, { idleMs: -1 }), invalid)
  for (const resourceLimits of [{ maxOldGenerationSizeMb: 2 }, { stackSizeMb: 0.1 }]) {
    assert.throws(() => queue.pool(tasks, { resourceLimits }), invalid)
  }
  assert.throws(() => queue.pool(tasks, { qos: 'x' as 'default' }), invalid)
})
