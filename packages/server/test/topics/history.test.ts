import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  History,
  IDEMPOTENCY_WINDOW_MS,
  MAX_IDEMPOTENCY_KEYS,
  newEpoch,
} from '../../src/topics/history.ts'
import type { Cursor, LostReason, Publication, Retention } from '../../src/topics/broker.ts'

const ample: Retention = { count: 1_000_000, bytes: 1e9, ageMs: 1e9 }
const all = { count: 1_000_000, bytes: 1e9 }
const plain = { key: null, idempotencyKey: null, retention: ample }

function append(history: History, message: string, nowMs = 0, retention = ample): Cursor {
  return history.append(message, { ...plain, retention }, nowMs).cursor
}

function texts(publications: readonly Publication[]): string[] {
  return publications.map(({ message }) => String(message))
}

test('offsets are 1, 2, 3, …, each names the one before', () => {
  const history = new History(ample, 'e')
  assert.deepEqual(history.head, { epoch: 'e', offset: 0 })
  const made = ['a', 'b', 'c'].map((message) => history.append(message, plain, 5))
  assert.deepEqual(
    made.map(({ cursor }) => cursor),
    [1, 2, 3].map((offset) => ({ epoch: 'e', offset })),
  )
  assert.deepEqual(made[1]!.publication, {
    offset: 2,
    previous: 1,
    message: 'b',
    key: null,
    timeMs: 5,
  })
  const read = history.read('start', all, ample, 5)
  assert.deepEqual(read, {
    lost: null,
    publications: made.map(({ publication }) => publication),
    head: { epoch: 'e', offset: 3 },
  })
})

test('epochs are told apart, and are what a cursor may name', () => {
  const epochs = new Set(Array.from({ length: 1_000 }, newEpoch))
  assert.equal(epochs.size, 1_000)
  for (const epoch of epochs) assert.match(epoch, /^[A-Za-z0-9_-]{16}$/)
  assert.notEqual(new History(ample).epoch, new History(ample).epoch)
})

test('bytes are copied; keys are kept, over the border of a block too', () => {
  const history = new History(ample)
  const bytes = Uint8Array.of(1, 2)
  for (let i = 0; i < 600; i++) {
    history.append(bytes, { ...plain, key: i % 300 === 299 ? `k${i}` : null }, 0)
  }
  bytes.fill(9)
  const read = history.read(
    { epoch: history.epoch, offset: 299 },
    { count: 2, bytes: 99 },
    ample,
    0,
  )
  assert.ok(read.lost === null)
  assert.deepEqual(
    read.publications.map(({ key, message }) => [key, message]),
    [
      ['k299', Uint8Array.of(1, 2)],
      [null, Uint8Array.of(1, 2)],
    ],
  )
})

test('count: the oldest goes as soon as there is one too many, and the reason is trimmed', () => {
  const retention = { ...ample, count: 3 }
  const history = new History(retention, 'e')
  for (let i = 1; i <= 5; i++) append(history, `${i}`, 0, retention)
  assert.equal(history.count, 3)
  const read = (offset: number) => history.read({ epoch: 'e', offset }, all, retention, 0)
  assert.deepEqual(read(1), {
    lost: 'trimmed',
    head: { epoch: 'e', offset: 5 },
    start: { epoch: 'e', offset: 2 },
  })
  assert.deepEqual(textsAfter(history, 2, retention, 0), ['3', '4', '5'])
  assert.deepEqual(textsAfter(history, 5, retention, 0), [])
})

test('bytes: counted as UTF-8; the newest stays whatever its length', () => {
  const retention = { ...ample, bytes: 6 }
  const history = new History(retention, 'e')
  append(history, 'éé', 0, retention)
  append(history, 'ab', 0, retention)
  assert.equal(history.bytes, 6)
  append(history, 'c', 0, retention)
  assert.deepEqual(textsAfter(history, 'start', retention, 0), ['ab', 'c'])
  append(history, 'x'.repeat(100), 0, retention)
  assert.deepEqual(textsAfter(history, 'start', retention, 0), ['x'.repeat(100)])
  assert.equal(history.bytes, 100)
})

test('age: what is older is gone by the time of a read, without another publication; the newest stays', () => {
  const retention = { ...ample, ageMs: 1_000 }
  const history = new History(retention, 'e')
  append(history, 'a', 0, retention)
  append(history, 'b', 500, retention)
  append(history, 'c', 600, retention)
  assert.deepEqual(textsAfter(history, 0, retention, 1_000), ['a', 'b', 'c'])
  const late = history.read({ epoch: 'e', offset: 0 }, all, retention, 1_001)
  assert.equal(late.lost, 'expired')
  assert.deepEqual(textsAfter(history, 1, retention, 1_500), ['b', 'c'])
  assert.deepEqual(textsAfter(history, 'start', retention, 99_999), ['c'])
})

test('a clock that is set back stands still', () => {
  const retention = { ...ample, ageMs: 1_000 }
  const history = new History(retention, 'e')
  append(history, 'a', 10_000, retention)
  const back = history.append('b', plain, 4_000)
  assert.equal(back.publication!.timeMs, 10_000)
  assert.deepEqual(textsAfter(history, 0, retention, 5_000), ['a', 'b'])
})

test('cursors of another epoch and from the future are refused with the reason and where to begin', () => {
  const history = new History(ample, 'e')
  append(history, 'a')
  const head = { epoch: 'e', offset: 1 }
  const start = { epoch: 'e', offset: 0 }
  assert.deepEqual(history.read({ epoch: 'f', offset: 0 }, all, ample, 0), {
    lost: 'epoch',
    head,
    start,
  })
  assert.deepEqual(history.read({ epoch: 'e', offset: 2 }, all, ample, 0), {
    lost: 'future',
    head,
    start,
  })
})

test('a page is bounded in publications and in bytes, and has one at least', () => {
  const history = new History(ample, 'e')
  for (const message of ['aaaa', 'bbbb', 'cccc', 'dddd']) append(history, message)
  const page = (count: number, bytes: number): string[] => {
    const read = history.read('start', { count, bytes }, ample, 0)
    assert.ok(read.lost === null)
    return texts(read.publications)
  }
  assert.deepEqual(page(2, 100), ['aaaa', 'bbbb'])
  assert.deepEqual(page(9, 11), ['aaaa', 'bbbb'])
  assert.deepEqual(page(9, 12), ['aaaa', 'bbbb', 'cccc'])
  assert.deepEqual(page(9, 1), ['aaaa'])
})

test('an idempotency key is answered with the first one for two minutes at least, though that is trimmed', () => {
  const retention = { ...ample, count: 1 }
  const history = new History(retention, 'e')
  const twice = { key: null, idempotencyKey: 'once', retention }
  assert.equal(history.append('a', twice, 1_000).cursor.offset, 1)
  append(history, 'b', 1_000, retention)
  const again = history.append('a', twice, 1_000 + IDEMPOTENCY_WINDOW_MS)
  assert.deepEqual(again, { cursor: { epoch: 'e', offset: 1 }, publication: null })
  assert.equal(history.head.offset, 2)
  const later = history.append('a', twice, 1_001 + 2 * IDEMPOTENCY_WINDOW_MS)
  assert.equal(later.cursor.offset, 3)
})

test('idempotency keys are forgotten when nothing asked for them in the meantime', () => {
  const history = new History(ample, 'e')
  const keyed = { ...plain, idempotencyKey: 'k' }
  history.append('a', keyed, 0)
  assert.equal(history.append('a', keyed, 3 * IDEMPOTENCY_WINDOW_MS).cursor.offset, 2)
})

test('idempotency keys are bounded: the last so many are known', () => {
  const retention = { ...ample, count: 1 }
  const history = new History(retention, 'e')
  const keyed = (i: number) => ({ key: null, idempotencyKey: `${i}`, retention })
  const count = 2 * MAX_IDEMPOTENCY_KEYS + 10
  for (let i = 0; i < count; i++) history.append('', keyed(i), 0)
  assert.equal(history.append('', keyed(count - MAX_IDEMPOTENCY_KEYS), 0).publication, null)
  assert.notEqual(history.append('', keyed(0), 0).publication, null)
})

test('what is let go is not kept in memory', () => {
  const retention = { ...ample, count: 1 }
  const history = new History(retention)
  const message = new Uint8Array(1_048_576)
  const before = process.memoryUsage().arrayBuffers
  // Fewer than a block holds; garbage is collected on the way, for so much of it is made.
  for (let i = 0; i < 250; i++) history.append(message, { ...plain, retention }, 0)
  const keptMiB = (process.memoryUsage().arrayBuffers - before) / 1_048_576
  assert.ok(keptMiB < 150, `${keptMiB.toFixed()} MiB are kept`)
})

test('it is stale when all that it keeps is too old and no retry is awaited', () => {
  const retention = { ...ample, ageMs: 1_000 }
  const history = new History(retention, 'e')
  assert.equal(history.isStale(0), true)
  append(history, 'a', 0, retention)
  assert.equal(history.isStale(1_000), false)
  assert.equal(history.isStale(1_001), true)
  history.append('b', { key: null, idempotencyKey: 'b', retention }, 2_000)
  assert.equal(history.isStale(3_001), false)
  assert.equal(history.isStale(2_000 + 3 * IDEMPOTENCY_WINDOW_MS), true)
})

test('any sequence of calls: it answers as a plain list would', () => {
  const step = fc.record({
    afterMs: fc.integer({ min: 0, max: 400 }),
    message: fc.string({ maxLength: 12 }),
    idempotencyKey: fc.option(fc.constantFrom('a', 'b', 'c'), { freq: 4 }),
    isRead: fc.boolean(),
    readOffset: fc.integer({ min: 0, max: 1_100 }),
    limit: fc.record({
      count: fc.integer({ min: 1, max: 700 }),
      bytes: fc.integer({ min: 1, max: 2_000 }),
    }),
  })
  const retentions = fc.record({
    count: fc.integer({ min: 1, max: 600 }),
    bytes: fc.integer({ min: 1, max: 3_000 }),
    ageMs: fc.integer({ min: 1, max: 60_000 }),
  })
  fc.assert(
    fc.property(
      retentions,
      fc.array(step, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 30 }),
      (retention, steps, repeats) => {
        const history = new History(retention, 'e')
        const list = new PlainList(retention)
        let nowMs = 0
        for (let round = 0; round < repeats; round++) {
          for (const { afterMs, message, idempotencyKey, isRead, readOffset, limit } of steps) {
            nowMs += afterMs
            if (isRead) {
              const after = { epoch: 'e', offset: readOffset }
              const read = history.read(after, limit, retention, nowMs)
              assert.deepEqual(
                read.lost === null ? texts(read.publications) : read.lost,
                list.read(readOffset, limit, nowMs),
              )
            } else {
              const options = { key: null, idempotencyKey, retention }
              const { cursor, publication } = history.append(message, options, nowMs)
              if (publication !== null) list.append(message, nowMs)
              else assert.ok(cursor.offset < list.next)
              assert.equal(history.head.offset, list.next - 1)
              assert.equal(history.count, list.kept.length)
            }
          }
        }
      },
    ),
    { numRuns: 200 },
  )
})

/** What a history is, without any speed. */
class PlainList {
  kept: { offset: number; message: string; timeMs: number }[] = []
  next = 1
  #loss: LostReason = 'trimmed'
  readonly #retention: Retention

  constructor(retention: Retention) {
    this.#retention = retention
  }

  append(message: string, nowMs: number): void {
    this.kept.push({ offset: this.next++, message, timeMs: nowMs })
    this.#trim(nowMs)
  }

  read(offset: number, limit: { count: number; bytes: number }, nowMs: number) {
    this.#trim(nowMs)
    if (offset >= this.next) return 'future'
    const behind = this.kept.filter((each) => each.offset > offset)
    if (behind.length < this.next - 1 - offset) return this.#loss
    const page: string[] = []
    for (const { message } of behind) {
      const bytes = Buffer.byteLength([...page, message].join(''))
      if (page.length > 0 && (page.length >= limit.count || bytes > limit.bytes)) break
      page.push(message)
    }
    return page
  }

  #trim(nowMs: number): void {
    const { count, bytes, ageMs } = this.#retention
    while (this.kept.length > 1) {
      const isOld = nowMs - this.kept[0]!.timeMs > ageMs
      const length = this.kept.reduce((sum, each) => sum + Buffer.byteLength(each.message), 0)
      if (!isOld && this.kept.length <= count && length <= bytes) return
      this.#loss = isOld ? 'expired' : 'trimmed'
      this.kept.shift()
    }
  }
}

function textsAfter(
  history: History,
  after: number | 'start',
  retention: Retention,
  nowMs: number,
): string[] {
  const cursor = after === 'start' ? after : { epoch: history.epoch, offset: after }
  const read = history.read(cursor, all, retention, nowMs)
  assert.ok(read.lost === null, `lost: ${read.lost}`)
  return texts(read.publications)
}
