import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queues } from 'holdline/queues'
import type { DispatchQueue } from '../../../src/models/queues/dispatch-queue.ts'
import { execute, runningWork, SyncWork, Work } from '../../../src/models/queues/work.ts'

class Told extends Work {
  readonly #f: () => unknown
  readonly told: unknown[]
  constructor(of: DispatchQueue, told: unknown[], f: () => unknown) {
    super(of)
    this.told = told
    this.#f = f
  }
  run(): unknown {
    return this.#f()
  }
  override succeeded(value: unknown): void {
    this.told.push(['succeeded', value])
  }
  failed(error: unknown): void {
    this.told.push(['failed', error])
  }
}

const newQueue = (): DispatchQueue => queues().serial() as DispatchQueue

test('a work is the running one while its function is on the stack, and not behind an await', async () => {
  const of = newQueue()
  const seen: unknown[] = []
  const told: unknown[] = []
  of.add(
    new Told(of, told, async () => {
      seen.push(runningWork()!.queue)
      await Promise.resolve()
      seen.push(runningWork())
      return 'done'
    }),
  )
  assert.equal(runningWork(), null)
  while (told.length === 0) await Promise.resolve()
  assert.deepEqual(seen, [of, null])
  assert.deepEqual(told, [['succeeded', 'done']])
})

test('a work that interrupts another gives way to it again', async () => {
  const [outer, inner] = [newQueue(), newQueue()]
  await outer.async(() => {
    const work = runningWork()
    inner.sync(() => {
      assert.notEqual(runningWork(), work)
      assert.equal(runningWork()!.beneath, work)
    })
    assert.equal(runningWork(), work)
    assert.throws(() =>
      inner.sync(() => {
        throw new Error('meant')
      }),
    )
    assert.equal(runningWork(), work)
  })
  assert.equal(runningWork(), null)
})

test('throws, rejections and values are told, each once', async () => {
  const of = newQueue()
  const told: unknown[] = []
  const cause = new Error('meant')
  of.add(
    new Told(of, told, () => {
      throw cause
    }),
  )
  of.add(new Told(of, told, () => Promise.reject(cause)))
  of.add(new Told(of, told, () => 1))
  await of.async(() => {})
  assert.deepEqual(told, [
    ['failed', cause],
    ['failed', cause],
    ['succeeded', 1],
  ])
})

test('a thenable whose `then` cannot be read is a failure, not the end of the queue', async () => {
  const of = newQueue()
  const cause = new Error('meant')
  // oxlint-disable-next-line unicorn/no-thenable -- that is the case
  const hostile = Object.defineProperty({}, 'then', {
    get() {
      throw cause
    },
  })
  await assert.rejects(
    of.async(() => hostile as Promise<void>),
    cause,
  )
  assert.equal(await of.async(() => 'on'), 'on')
})

test('the outcome of a sync block is its value or its throw', () => {
  const of = newQueue()
  const work = new SyncWork(of, () => 1)
  assert.equal(work.hasRun, false)
  of.join()
  execute(work)
  assert.equal(work.hasRun, true)
  assert.equal(work.outcome(), 1)
  assert.equal(of.runningCount, 0)
})
