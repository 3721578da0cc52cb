// The feed of one topic: duplicates, reordering, holes, epochs, a broker that fails, and one that is behind what it told.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../src/testing/index.ts'
import type { Cursor, Publication, ReadResult } from '../../src/topics/broker.ts'
import { Feed } from '../../src/topics/repair.ts'

function publication(offset: number, previous = offset - 1): Publication {
  return { offset, previous, message: `m${offset}`, key: null, timeMs: 0 }
}

class FeedStand {
  readonly clock = new FakeClock()
  readonly story: (number | string)[] = []
  readonly errors: unknown[] = []
  readonly asked: (Cursor & PromiseWithResolvers<ReadResult>)[] = []
  readonly feed = new Feed({
    clock: this.clock,
    read: (after) => {
      const asked = { ...after, ...Promise.withResolvers<ReadResult>() }
      this.asked.push(asked)
      return asked.promise
    },
    next: (_epoch, { offset }) => void this.story.push(offset),
    lost: (reason, from, to) =>
      void this.story.push(`${reason} ${from.epoch}${from.offset}-${to.epoch}${to.offset}`),
    failed: (error) => void this.errors.push(error),
  })

  begun(offset = 0): this {
    this.feed.begin({ epoch: 'a', offset })
    return this
  }

  tell(...offsets: number[]): void {
    for (const offset of offsets) this.feed.appended('a', publication(offset))
  }

  async answer(publications: number[], head = publications.at(-1)!, epoch = 'a'): Promise<void> {
    const read = {
      lost: null,
      publications: publications.map((offset) => publication(offset)),
      head: { epoch, offset: head },
    }
    this.asked.shift()!.resolve(read)
    await new Promise((resolve) => setImmediate(resolve))
  }

  async lose(reason: 'epoch' | 'trimmed' | 'future', start: Cursor, head: Cursor): Promise<void> {
    this.asked.shift()!.resolve({ lost: reason, start, head })
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('in order it passes, twice is once, and nobody is asked', () => {
  const stand = new FeedStand().begun()
  stand.tell(1, 2, 2, 1, 3)
  assert.deepEqual(stand.story, [1, 2, 3])
  assert.equal(stand.asked.length, 0)
  assert.deepEqual(stand.feed.cursor, { epoch: 'a', offset: 3 })
})

test('a hole is read; what came behind it follows without being read again', async () => {
  const stand = new FeedStand().begun()
  stand.tell(1, 3, 4, 5)
  assert.deepEqual(stand.story, [1])
  assert.deepEqual(
    stand.asked.map(({ offset }) => offset),
    [1],
  )
  await stand.answer([2, 3])
  assert.deepEqual(stand.story, [1, 2, 3, 4, 5])
  assert.equal(stand.asked.length, 0)
})

test('reordered: what was missing may come by itself before it is read', async () => {
  const stand = new FeedStand().begun()
  stand.tell(2, 3, 1)
  assert.deepEqual(stand.story, [1, 2, 3])
  await stand.answer([1, 2, 3])
  stand.tell(4)
  assert.deepEqual(stand.story, [1, 2, 3, 4])
})

test('what is lost is told, and what is kept follows', async () => {
  const stand = new FeedStand().begun()
  stand.tell(1, 9)
  await stand.lose('trimmed', { epoch: 'a', offset: 6 }, { epoch: 'a', offset: 9 })
  await stand.answer([7, 8, 9])
  assert.deepEqual(stand.story, [1, 'trimmed a1-a6', 7, 8, 9])
})

test('another epoch: the broker is asked which is the later one', async () => {
  const stand = new FeedStand().begun()
  stand.tell(1)
  stand.feed.appended('b', publication(2))
  await stand.lose('epoch', { epoch: 'b', offset: 0 }, { epoch: 'b', offset: 2 })
  await stand.answer([1, 2], 2, 'b')
  assert.deepEqual(stand.story, [1, 'epoch a1-b0', 1, 2])
  // One of the old epoch, late.
  stand.tell(2)
  await stand.answer([], 2, 'b')
  stand.feed.appended('b', publication(3))
  assert.deepEqual(stand.story.slice(-2), [2, 3])
})

test('a head that went back within an epoch is told, and nothing comes twice', async () => {
  const stand = new FeedStand().begun(9)
  stand.feed.hurry()
  await stand.lose('future', { epoch: 'a', offset: 0 }, { epoch: 'a', offset: 4 })
  assert.deepEqual(stand.story, ['future a9-a4'])
  assert.equal(stand.asked.length, 0)
})

test('what came before the head was known is not missed', async () => {
  const stand = new FeedStand()
  stand.tell(5, 6)
  assert.equal(stand.asked.length, 0)
  stand.begun(4)
  await stand.answer([5, 6])
  assert.deepEqual(stand.story, [5, 6])
})

test('a read that fails is told and tried again, later each time; the broker being back hurries it', async () => {
  const stand = new FeedStand().begun()
  stand.tell(2)
  for (const waitMs of [50, 100, 200]) {
    stand.asked.shift()!.reject(new Error('away'))
    await new Promise((resolve) => setImmediate(resolve))
    await stand.clock.pass(waitMs - 1)
    assert.equal(stand.asked.length, 0)
    await stand.clock.pass(1)
    assert.equal(stand.asked.length, 1)
  }
  assert.equal(stand.errors.length, 3)
  stand.asked.shift()!.reject(new Error('away'))
  await new Promise((resolve) => setImmediate(resolve))
  stand.feed.hurry()
  await stand.answer([1, 2])
  assert.deepEqual(stand.story, [1, 2])
})

test('a broker that does not give yet what it told of is asked again, not without end', async () => {
  const stand = new FeedStand().begun()
  stand.tell(2)
  await stand.answer([], 2)
  assert.equal(stand.asked.length, 0)
  await stand.clock.pass(50)
  await stand.answer([1, 2])
  assert.deepEqual(stand.story, [1, 2])
})

test('what waits is bounded, and what did not wait is read', async () => {
  const stand = new FeedStand().begun()
  for (let offset = 2; offset <= 3_000; offset++) stand.tell(offset)
  await stand.answer([1], 3_000)
  assert.equal(stand.story.length, 1_025)
  assert.deepEqual(
    stand.asked.map(({ offset }) => offset),
    [1_025],
  )
})

test('nothing comes when it has ended', async () => {
  const stand = new FeedStand().begun()
  stand.tell(2)
  stand.feed.end()
  await stand.answer([1, 2])
  assert.deepEqual(stand.story, [])
  assert.equal(stand.clock.timerCount, 0)
})
