// Histories bounded together: who goes for whom, what is refused, what is counted.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AppendOptions, Retention } from '../../src/topics/broker.ts'
import { Histories } from '../../src/topics/histories.ts'
import type { KeptHistory } from '../../src/topics/histories.ts'
import { History, IDEMPOTENCY_WINDOW_MS } from '../../src/topics/history.ts'
import type { HistoryLimits } from '../../src/topics/history-limits.ts'

const retention: Retention = { count: 100, bytes: 1_000, ageMs: 60_000 }
const plain: AppendOptions = { key: null, idempotencyKey: null, retention }
const page = { count: 1_000, bytes: 1_000_000 }
const full = { code: 'ERR_TOPIC_LIMIT' }

class Shelf {
  nowMs = 0
  readonly histories: Histories<KeptHistory>

  constructor(limits: HistoryLimits) {
    const make = (name: string): KeptHistory => ({ name, history: new History(retention) })
    this.histories = new Histories(limits, make, () => this.nowMs)
  }

  of(name: string): KeptHistory {
    return this.histories.of(name, retention)
  }

  append(name: string, message = 'x', options = plain): KeptHistory {
    const kept = this.of(name)
    this.histories.append(kept, message, options)
    return kept
  }

  read(name: string): string[] {
    const result = this.histories.read(this.of(name), 'start', page, retention)
    assert.ok(result.lost === null)
    return result.publications.map(({ message }) => String(message))
  }

  get names(): string[] {
    return Array.from(this.histories.all(), ({ name }) => name).sort()
  }
}

test('the topic that was used longest ago goes for a new one', () => {
  const shelf = new Shelf({ topics: 3 })
  for (const name of ['a', 'b', 'c']) shelf.append(name)
  shelf.append('a', 'again')
  shelf.read('b')
  shelf.append('d')
  assert.deepEqual(shelf.names, ['a', 'b', 'd'])
  shelf.append('e')
  assert.deepEqual(shelf.names, ['b', 'd', 'e'])
  assert.deepEqual(shelf.read('b'), ['x'])
})

test('names that were only asked for cost nobody a history', () => {
  const shelf = new Shelf({ topics: 3 })
  shelf.append('a')
  shelf.append('b')
  for (let i = 0; i < 1_000; i++) assert.deepEqual(shelf.read(`guessed ${i}`), [])
  assert.deepEqual(shelf.names, ['a', 'b', 'guessed 999'])
})

test('what somebody is attached to stays; where nothing else is left, new topics are refused', () => {
  const shelf = new Shelf({ topics: 2 })
  const a = shelf.append('a')
  const b = shelf.of('b')
  shelf.histories.hold(a)
  shelf.histories.hold(b)
  assert.throws(() => shelf.of('c'), full)
  shelf.append('a', 'on')
  assert.deepEqual(shelf.read('a'), ['x', 'on'])
  shelf.histories.release(b)
  shelf.of('c')
  assert.deepEqual(shelf.names, ['a', 'c'])
  // Let go when it was gone already: it does not come back, to go once more.
  shelf.histories.release(b)
  shelf.histories.hold(shelf.of('c'))
  assert.throws(() => shelf.of('d'), full)
  assert.equal(shelf.histories.count, 2)
})

test('a topic stays for as long as a retry is answered', () => {
  const shelf = new Shelf({ topics: 40 })
  for (let i = 0; i < 40; i++) shelf.append(`t${i}`, 'x', { ...plain, idempotencyKey: `k${i}` })
  assert.throws(() => shelf.of('more'), full)
  const first = shelf.of('t0')
  const retried = shelf.histories.append(first, 'x', { ...plain, idempotencyKey: 'k0' })
  assert.equal(retried.publication, null)
  shelf.nowMs = 2 * IDEMPOTENCY_WINDOW_MS
  shelf.of('more')
  assert.equal(shelf.histories.count, 40)
})

test('one without a retry is found behind those with one', () => {
  const shelf = new Shelf({ topics: 40 })
  for (let i = 0; i < 39; i++) shelf.append(`t${i}`, 'x', { ...plain, idempotencyKey: `k${i}` })
  shelf.append('plain')
  assert.throws(() => shelf.of('more'), full)
  shelf.of('more')
  assert.equal(shelf.names.includes('plain'), false)
})

test('bytes: others that nobody uses go first, then the topic keeps less of its own', () => {
  const shelf = new Shelf({ bytes: 10 })
  const held = shelf.append('held', '1234')
  shelf.histories.hold(held)
  shelf.append('idle', '5678')
  shelf.append('held', '90ab')
  assert.deepEqual([shelf.names, shelf.histories.bytes], [['held'], 8])
  shelf.append('held', 'cdef')
  assert.deepEqual(shelf.read('held'), ['90ab', 'cdef'])
  const lost = shelf.histories.read(held, { epoch: held.history.epoch, offset: 0 }, page, retention)
  assert.equal(lost.lost, 'trimmed')
  assert.throws(() => shelf.append('other', '123'), full)
  assert.throws(() => shelf.append('held', 'x'.repeat(11)), full)
  assert.deepEqual(shelf.read('held'), ['90ab', 'cdef'])
  shelf.append('held', 'ö'.repeat(5))
  assert.deepEqual([shelf.read('held'), shelf.histories.bytes], [['ööööö'], 10])
})

test('a retry is answered though there is no room for it', () => {
  const shelf = new Shelf({ bytes: 10 })
  const keyed = { ...plain, idempotencyKey: 'k' }
  const first = shelf.append('t', '1', keyed)
  shelf.histories.hold(first)
  const other = shelf.append('other', '123456789')
  shelf.histories.hold(other)
  assert.equal(shelf.histories.append(first, '12345', keyed).publication, null)
  assert.throws(() => shelf.append('t', '12345'), full)
})

test("Holdline's own topics stay whatever comes, and are refused nothing", () => {
  const shelf = new Shelf({ topics: 2, bytes: 10 })
  shelf.append('$never held', 'x'.repeat(20))
  const own = shelf.append('$revocations', 'x'.repeat(20))
  shelf.histories.hold(own)
  shelf.histories.release(own)
  for (let i = 0; i < 10; i++) assert.throws(() => shelf.append(`n${i}`), full)
  shelf.of('$other')
  assert.deepEqual(shelf.read('$revocations'), ['x'.repeat(20)])
  assert.deepEqual(shelf.names, ['$never held', '$other', '$revocations'])
})

test('what is too old goes when there are many, before the limit is reached', () => {
  const shelf = new Shelf({ topics: 1_000_000 })
  const held = shelf.append('held')
  shelf.histories.hold(held)
  for (let i = 1; i < 10_000; i++) shelf.append(`old ${i}`)
  shelf.append('old 1', 'more')
  shelf.nowMs = retention.ageMs + 1
  shelf.append('young')
  assert.deepEqual(shelf.names, ['held', 'young'])
  assert.equal(shelf.histories.bytes, 2)
})

test('a million names take no more than the limit', () => {
  const shelf = new Shelf({ topics: 500 })
  for (let i = 0; i < 1_000_000; i++) shelf.of(`n${i}`)
  for (let i = 0; i < 100_000; i++) shelf.append(`m${i}`)
  assert.deepEqual([shelf.histories.count, shelf.histories.bytes], [500, 500])
})

test('whatever is done, bytes are those of what is kept, and both limits hold', () => {
  const step = fc.record({
    what: fc.constantFrom('append', 'keyed', 'read', 'hold', 'release', 'wait'),
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    message: fc.string({ maxLength: 12, unit: 'grapheme' }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const shelf = new Shelf({ topics: 4, bytes: 60 })
      for (const { what, name, message } of steps) {
        try {
          if (what === 'wait') shelf.nowMs += 50_000
          else if (what === 'append') shelf.append(name, message)
          else if (what === 'keyed') shelf.append(name, message, { ...plain, idempotencyKey: 'k' })
          else if (what === 'read') shelf.read(name)
          else if (what === 'hold') shelf.histories.hold(shelf.of(name))
          else shelf.histories.release(shelf.of(name))
        } catch (error) {
          assert.equal((error as { code?: string }).code, full.code)
        }
        let bytes = 0
        for (const { history } of shelf.histories.all()) bytes += history.bytes
        assert.equal(shelf.histories.bytes, bytes)
        assert.ok(bytes <= 60, `${bytes} bytes`)
        assert.ok(shelf.histories.count <= 4)
      }
    }),
    { numRuns: 500 },
  )
})
