import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { FakeClock } from 'holdline/testing'
import type { PooledThread } from '../../../src/models/threads/pooled-thread.ts'
import { ThreadPool } from '../../../src/models/threads/thread-pool.ts'
import type { PoolLimits } from '../../../src/models/threads/thread-pool.ts'

// Threads do not keep the process, and the tests wait for them.
const keeper = setInterval(() => {}, 1_000)
after(() => clearInterval(keeper))

function poolOf(limits: Partial<PoolLimits>): { pool: ThreadPool; clock: FakeClock } {
  const clock = new FakeClock()
  const pool = new ThreadPool(
    {
      moduleUrl: new URL('./sessions/tasks.ts', import.meta.url).href,
      isTyped: false,
      canPublish: false,
      ringBytes: 256,
      resourceLimits: {},
    },
    { maxThreads: 2, keepThreads: 1, keepMs: 1_000, waitMs: 0, ...limits },
    clock,
  )
  return { pool, clock }
}

async function untilCount(pool: ThreadPool, count: number): Promise<void> {
  while (pool.threadCount !== count) await new Promise((resolve) => setTimeout(resolve, 1))
}

/** Frees what the test took, and sees to it that everything ends. */
async function endAll(pool: ThreadPool, ...taken: readonly PooledThread[]): Promise<void> {
  for (const thread of taken) thread.terminate()
  await untilCount(pool, 0)
}

test('promises are bounded by maxThreads, and so are threads', async () => {
  const { pool } = poolOf({})
  const [one, two, three] = [{}, {}, {}]
  assert.equal(pool.promise(one), true)
  assert.equal(pool.promise(two), true)
  assert.equal(pool.promise(three), false)
  const first = pool.take(one)
  const second = pool.take(two)
  assert.ok(first !== null && second !== null)
  assert.equal(pool.take(three), null)
  assert.equal(pool.promise(three), false)
  await endAll(pool, first, second)
  assert.equal(pool.promise(three), true)
})

test('a promise that is not taken up is forgotten', async () => {
  const { pool, clock } = poolOf({ maxThreads: 1 })
  const [gone, next] = [{}, {}]
  assert.equal(pool.promise(gone), true)
  assert.equal(pool.promise(next), false)
  clock.advance(1_000)
  assert.equal(pool.promise(next), true)
  const thread = pool.take(next)
  assert.ok(thread !== null)
  assert.equal(pool.take(gone), null, 'the bound holds for one who comes late')
  await endAll(pool, thread)
})

test('a free thread is used again, keepThreads are kept, and those for keepMs', async () => {
  const { pool, clock } = poolOf({})
  const [first, second] = [pool.take({})!, pool.take({})!]
  pool.freed(first)
  pool.freed(second)
  await untilCount(pool, 1)
  assert.equal(pool.freeCount, 1)
  assert.equal(pool.take({}), first)
  // Its time begins anew each time that it is free.
  clock.advance(2_000)
  pool.freed(first)
  clock.advance(999)
  assert.equal(pool.freeCount, 1)
  clock.advance(1)
  assert.equal(pool.freeCount, 0)
  await untilCount(pool, 0)
})

test('who waits gets the next free thread, in the order of asking; others do not come between', async () => {
  const { pool, clock } = poolOf({ maxThreads: 1, waitMs: 500, keepThreads: 0 })
  const thread = pool.take({})!
  const answers: string[] = []
  const [one, two, three] = [{}, {}, {}]
  const waits = [one, two, three].map(async (who, i) => {
    answers.push(`${i} ${await pool.promise(who)}`)
  })
  pool.freed(thread)
  await waits[0]
  assert.equal(pool.take(one), thread, 'kept for one who waits, whatever keepThreads says')
  clock.advance(499)
  thread.terminate()
  await waits[1]
  const another = pool.take(two)
  assert.ok(another !== null && another !== thread)
  clock.advance(1)
  await Promise.all(waits)
  assert.deepEqual(answers, ['0 true', '1 true', '2 false'])
  await endAll(pool, another)
})

test('a free thread that ends by itself is not given to anybody', async () => {
  const { pool, clock } = poolOf({})
  const thread = pool.take({})!
  pool.freed(thread)
  thread.terminate()
  await untilCount(pool, 0)
  assert.equal(pool.freeCount, 0)
  assert.equal(clock.timerCount, 0)
  const next = pool.take({})!
  assert.notEqual(next, thread)
  await endAll(pool, next)
})

test('one who was promised nothing does not take what was promised to another', async () => {
  const { pool } = poolOf({})
  const promised = {}
  assert.equal(pool.promise(promised), true)
  const first = pool.take({})
  assert.ok(first !== null)
  assert.equal(pool.take({}), null)
  const second = pool.take(promised)
  assert.ok(second !== null)
  await endAll(pool, first, second)
})

test('a forgotten promise goes to those who waited, not to one who comes now', async () => {
  const { pool, clock } = poolOf({ maxThreads: 1, waitMs: 3_000 })
  assert.equal(pool.promise({}), true)
  const waited = pool.promise({})
  clock.advance(1_500)
  const late = pool.promise({})
  assert.equal(await waited, true)
  // Nobody comes: it is noticed when the time of one who waits is over.
  clock.advance(3_000)
  assert.equal(await late, true)
})
