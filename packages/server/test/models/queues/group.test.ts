// What Grand Central Dispatch promises of its groups.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { group, queue } from 'holdline/queues'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** What was posted to the main queue has run: where the machine is slow that takes more than a turn. */
const mainIdle = (): Promise<void> => queue.main.async(() => {})

test('notify fires at zero, once', async () => {
  const g = group()
  let fired = 0
  g.enter()
  g.enter()
  g.notify(queue.main, () => fired++)
  g.leave()
  await mainIdle()
  assert.equal(fired, 0)
  assert.equal(g.count, 1)
  g.leave()
  assert.equal(fired, 0, 'it is posted to the queue')
  await mainIdle()
  assert.equal(fired, 1)
  g.enter()
  g.leave()
  await mainIdle()
  assert.equal(fired, 1)
})

test('notify of an empty group fires at once', async () => {
  const g = group()
  let fired = 0
  g.notify(queue.main, () => fired++)
  await mainIdle()
  assert.equal(fired, 1)
})

test('a member adding to its own group keeps it open', async () => {
  const g = group()
  const [one, two] = [queue.serial(), queue.concurrent()]
  const events: string[] = []
  const add = (depth: number): void => {
    void g.async(depth % 2 === 0 ? one : two, async () => {
      await turn()
      if (depth < 5) add(depth + 1)
      events.push(`member ${depth}`)
    })
  }
  add(0)
  g.notify(one, () => events.push('notified'))
  await g.wait()
  await one.async(() => {})
  assert.equal(events.length, 7)
  assert.equal(events.at(-1), 'notified')
})

test('async gives the outcome of its block', async () => {
  const g = group()
  assert.equal(await g.async(queue.main, () => 42), 42)
  await g.wait()
})

test('a leave more than enters throws', () => {
  const g = group()
  assert.throws(() => g.leave(), { code: 'ERR_GROUP_LEAVE' })
  g.enter()
  g.leave()
  assert.throws(() => g.leave(), { code: 'ERR_GROUP_LEAVE' })
})

test('wait resolves at once on an empty group, and for all who wait', async () => {
  const g = queue.group()
  await g.wait()
  g.enter()
  const both = Promise.all([g.wait(), g.wait()])
  g.leave()
  await both
})

test('await using waits for the members at the end of the scope', async () => {
  const ran: string[] = []
  {
    await using g = group()
    void g.async(queue.main, async () => {
      await turn()
      ran.push('member')
    })
    ran.push('end of scope')
  }
  assert.deepEqual(ran, ['end of scope', 'member'])
})

test('what members throw is thrown to who waits, once, and told to who is notified', async () => {
  const cause = new Error('meant')
  const fail = (): never => {
    throw cause
  }
  const g = group()
  void g.async(queue.main, fail)
  await mainIdle()
  await assert.rejects(g.wait(), cause, 'kept until somebody asks')
  await g.wait()
  void g.async(queue.main, fail)
  void g.async(queue.main, fail)
  let told: readonly unknown[] = []
  g.notify(queue.main, (failures) => (told = failures))
  await assert.rejects(g.wait(), (error: AggregateError) => {
    assert.deepEqual(error.errors, [cause, cause])
    return true
  })
  await mainIdle()
  assert.deepEqual(told, [cause, cause])
})

test('a block that a full queue refuses is a member that failed', async () => {
  const full = queue.serial({ limit: 1 })
  full.suspend()
  full.post(() => {})
  const g = group()
  const refused = g.async(full, () => {})
  await assert.rejects(refused, { code: 'ERR_QUEUE_FULL' })
  await assert.rejects(g.wait(), { code: 'ERR_QUEUE_FULL' })
})

test('failures that nobody asks for do not fill the memory', async () => {
  const g = group()
  const all = Array.from({ length: 1_000 }, () =>
    g
      .async(queue.main, () => {
        throw new Error('meant')
      })
      .catch(() => {}),
  )
  await Promise.all(all)
  await assert.rejects(g.wait(), (error: AggregateError) => error.errors.length === 100)
})
