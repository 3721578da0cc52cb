// Whose turn it is, on a clock that passes when told to: nobody is hot for long, and no turn is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FakeClock } from 'holdline/testing'
import { RunQueue } from '../../../src/models/actors/run-queue.ts'
import type { Runnable } from '../../../src/models/actors/run-queue.ts'

/** Messages that one handles in a turn of its own, as it is told to log them. */
class Hot implements Runnable {
  left: number
  readonly #handled: (count: number) => void

  constructor(left: number, handled: (count: number) => void) {
    this.left = left
    this.#handled = handled
  }

  run(count: number): number {
    const done = Math.min(count, this.left)
    this.left -= done
    this.#handled(done)
    return done
  }

  settleQueue(): boolean {
    return this.left > 0
  }
}

/** Who handled how many in a row. */
class Slices {
  readonly all: [name: string, count: number][] = []

  add(name: string, count: number): void {
    const last = this.all.at(-1)
    if (count === 0) return
    if (last?.[0] === name) last[1] += count
    else this.all.push([name, count])
  }
}

const microtasks = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) await Promise.resolve()
}

test('nothing runs before what woke it has returned, and all in its microtasks', async () => {
  const clock = new FakeClock()
  const queue = new RunQueue<Hot>(clock)
  const slices = new Slices()
  queue.push(new Hot(3, (count) => slices.add('a', count)))
  assert.deepEqual(slices.all, [])
  await microtasks()
  assert.deepEqual(slices.all, [['a', 3]])
  assert.equal(clock.isBusy, false)
})

test('64 messages of one, then it is the next one’s turn, in the order of their coming', async () => {
  const queue = new RunQueue<Hot>(new FakeClock())
  const slices = new Slices()
  for (const [name, left] of [
    ['a', 150],
    ['b', 10],
    ['c', 65],
  ] as const) {
    queue.push(new Hot(left, (count) => slices.add(name, count)))
  }
  await microtasks()
  assert.deepEqual(slices.all, [
    ['a', 64],
    ['b', 10],
    ['c', 64],
    ['a', 64],
    ['c', 1],
    ['a', 22],
  ])
})

test('who is woken in a turn comes behind those who wait', async () => {
  const queue = new RunQueue<Hot>(new FakeClock())
  const slices = new Slices()
  const late = new Hot(1, (count) => slices.add('late', count))
  let isWoken = false
  queue.push(
    new Hot(70, (count) => {
      if (!isWoken) queue.push(late)
      isWoken = true
      slices.add('a', count)
    }),
  )
  queue.push(new Hot(1, (count) => slices.add('b', count)))
  await microtasks()
  assert.deepEqual(slices.all, [
    ['a', 64],
    ['b', 1],
    ['late', 1],
    ['a', 6],
  ])
})

test('a turn ends after a millisecond: slow messages are looked at every 16, and the rest has another turn', async () => {
  const clock = new FakeClock()
  const queue = new RunQueue<Hot>(clock)
  const slices = new Slices()
  const slow = new Hot(40, (count) => {
    slices.add('slow', count)
    clock.advance(1)
  })
  queue.push(slow)
  queue.push(new Hot(1, (count) => slices.add('other', count)))
  await microtasks()
  assert.deepEqual(slices.all, [['slow', 16]])
  assert.equal(clock.isBusy, true)
  clock.runTurn()
  assert.deepEqual(slices.all, [
    ['slow', 16],
    ['other', 1],
    ['slow', 16],
  ])
  clock.runTurns()
  assert.deepEqual(slices.all, [
    ['slow', 16],
    ['other', 1],
    ['slow', 24],
  ])
})

test('a turn ends after 8,192 messages, even where no time passes', async () => {
  const clock = new FakeClock()
  const queue = new RunQueue<Hot>(clock)
  let handled = 0
  const count = (done: number): void => void (handled += done)
  for (let i = 0; i < 3; i++) queue.push(new Hot(10_000, count))
  await microtasks()
  assert.equal(handled, 8_192)
  clock.runTurn()
  assert.equal(handled, 16_384)
  clock.runTurns()
  assert.equal(handled, 30_000)
})

test('what comes between two turns waits for the next: no turn of microtasks in between', async () => {
  const clock = new FakeClock()
  const queue = new RunQueue<Hot>(clock)
  let handled = 0
  queue.push(new Hot(9_000, (done) => void (handled += done)))
  await microtasks()
  queue.push(new Hot(1, (done) => void (handled += done)))
  await microtasks()
  assert.equal(handled, 8_192)
  clock.runTurns()
  assert.equal(handled, 9_001)
  // Asleep again, it is woken as at first.
  queue.push(new Hot(1, (done) => void (handled += done)))
  await microtasks()
  assert.equal(handled, 9_002)
})

test('any number of hot ones: all is handled, nobody runs more than 64 while another waits', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat({ max: 700 }), { minLength: 2, maxLength: 150 }),
      async (counts) => {
        const clock = new FakeClock()
        const queue = new RunQueue<Hot>(clock)
        const slices = new Slices()
        const all = counts.map((count, i) => new Hot(count, (done) => slices.add(String(i), done)))
        for (const each of all) queue.push(each)
        await clock.settle()
        assert.ok(all.every(({ left }) => left === 0))
        for (const [i, [, count]] of slices.all.entries()) {
          const others = slices.all.slice(i + 1).some(([name]) => name !== slices.all[i]![0])
          if (others) assert.ok(count <= 64, String(count))
        }
      },
    ),
    { numRuns: 50 },
  )
})
