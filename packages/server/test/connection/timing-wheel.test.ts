// The wheel against a list that is looked through at every moment.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TimingWheel, WHEEL_TICK_MS } from '../../src/connection/timing-wheel.ts'
import type { WheelEntry } from '../../src/connection/timing-wheel.ts'
import { FakeClock } from '../../src/engines/memory/fake-clock.ts'

/** Entries this far ahead are put once; beyond, the wheel asks on the way. */
const ONE_TURN_MS = 255 * WHEEL_TICK_MS

class Entry implements WheelEntry {
  wheelNext: WheelEntry | null = null
  wheelPrevious: WheelEntry | null = null
  wheelSlot = -1
  /** When it is due; -1 for never. */
  dueMs = -1
  readonly firedMs: number[] = []
  /** How often it was asked before its time, which is for entries beyond a whole turn only. */
  askedEarly = 0
  onFire: () => number = () => 0

  onDue(now: number): number {
    if (this.dueMs > now) {
      this.askedEarly++
      return this.dueMs - now
    }
    this.firedMs.push(now)
    this.dueMs = -1
    return this.onFire()
  }
}

function schedule(wheel: TimingWheel, clock: FakeClock, entry: Entry, afterMs: number): void {
  entry.dueMs = clock.now() + afterMs
  wheel.schedule(entry, afterMs)
}

test('an entry comes at its time, never early, at most one tick late', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(900), fc.integer({ min: 0, max: 200_000 })), { maxLength: 30 }),
      (steps) => {
        const clock = new FakeClock()
        const wheel = new TimingWheel(clock)
        const entries: [Entry, due: number, afterMs: number][] = []
        for (const [waitMs, afterMs] of steps) {
          const entry = new Entry()
          entries.push([entry, clock.now() + afterMs, afterMs])
          schedule(wheel, clock, entry, afterMs)
          clock.advance(waitMs)
        }
        assert.ok(wheel.size <= entries.length)
        clock.advance(300_000)
        for (const [entry, due, afterMs] of entries) {
          assert.equal(entry.firedMs.length, 1)
          const lateMs = entry.firedMs[0]! - due
          if (afterMs < ONE_TURN_MS - 2 * WHEEL_TICK_MS) assert.equal(entry.askedEarly, 0)
          assert.ok(lateMs >= 0 && lateMs <= WHEEL_TICK_MS, `${lateMs} ms late`)
        }
        assert.equal(wheel.size, 0)
        assert.equal(clock.timerCount, 0)
      },
    ),
  )
})

type Command =
  | { readonly kind: 'schedule'; readonly entry: number; readonly afterMs: number }
  | { readonly kind: 'remove'; readonly entry: number }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'block'; readonly ms: number }

const entryNumber = fc.nat(5)
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    kind: fc.constant('schedule' as const),
    entry: entryNumber,
    afterMs: fc.integer({ min: 1, max: ONE_TURN_MS - 2 * WHEEL_TICK_MS }),
  }),
  fc.record({ kind: fc.constant('remove' as const), entry: entryNumber }),
  fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(20_000) }),
  fc.record({ kind: fc.constant('block' as const), ms: fc.nat(100_000) }),
)

/** A clock whose timers come late when the loop was blocked: all time passes, then what is due runs. */
class BlockableClock extends FakeClock {
  #extraMs = 0

  override now(): number {
    return super.now() + this.#extraMs
  }

  block(ms: number): void {
    this.#extraMs += ms
    // One turn: whoever is due now is late.
    this.advance(WHEEL_TICK_MS)
  }
}

test('whatever is moved, removed and blocked, each entry comes when a list would say', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const clock = new BlockableClock()
      const wheel = new TimingWheel(clock)
      const entries = Array.from({ length: 6 }, () => new Entry())
      const check = (): void => {
        for (const entry of entries) {
          assert.equal(entry.askedEarly, 0)
          if (entry.dueMs < 0) continue
          assert.ok(clock.now() - entry.dueMs <= 2 * WHEEL_TICK_MS, 'an entry was forgotten')
        }
        assert.equal(wheel.size, entries.filter((entry) => entry.dueMs >= 0).length)
      }
      for (const step of commands) {
        if (step.kind === 'schedule') schedule(wheel, clock, entries[step.entry]!, step.afterMs)
        else if (step.kind === 'advance') clock.advance(step.ms)
        else if (step.kind === 'block') clock.block(step.ms)
        else {
          wheel.remove(entries[step.entry]!)
          entries[step.entry]!.dueMs = -1
        }
        check()
      }
    }),
  )
})

test('an entry that fires may remove any other, move any other, and come again', () => {
  const clock = new FakeClock()
  const wheel = new TimingWheel(clock)
  const [a, b, c, d] = [new Entry(), new Entry(), new Entry(), new Entry()] as const
  for (const entry of [d, c, b, a]) schedule(wheel, clock, entry, 100)
  let first: Entry | null = null
  for (const entry of [a, b, c, d]) {
    entry.onFire = () => {
      if (first !== null) return 0
      first = entry
      for (const other of [a, b]) if (other !== entry) wheel.remove(other)
      for (const other of [c, d]) if (other !== entry) schedule(wheel, clock, other, 1_000)
      entry.dueMs = clock.now() + 500
      return 500
    }
  }
  clock.advance(300)
  assert.equal([a, b, c, d].filter((entry) => entry.firedMs.length === 1).length, 1)
  clock.advance(5_000)
  assert.equal(first!.firedMs.length, 2)
  assert.equal(wheel.size, 0)
})

test('an entry that comes again and again does not make the others late', () => {
  const clock = new FakeClock()
  const wheel = new TimingWheel(clock)
  const restless = new Entry()
  restless.onFire = () => {
    restless.dueMs = clock.now() + 10
    return 10
  }
  const other = new Entry()
  schedule(wheel, clock, restless, 10)
  schedule(wheel, clock, other, 60_000)
  const due = other.dueMs
  // Timers of a real loop are a little late; that must not add up.
  for (let i = 0; i < 400; i++) clock.advance(157)
  assert.equal(other.firedMs.length, 1)
  assert.ok(other.firedMs[0]! - due <= WHEEL_TICK_MS + 7, `${other.firedMs[0]! - due} ms late`)
})

test('after a blocked loop everything that is due comes in one turn, also beyond a whole turn', () => {
  for (const blockedMs of [1_000, ONE_TURN_MS + 10_000, 10 * ONE_TURN_MS]) {
    const clock = new BlockableClock()
    const wheel = new TimingWheel(clock)
    const entries = [300, 600, 900].map((afterMs) => {
      const entry = new Entry()
      // Comes again, which must not stop the wheel on its way through the others.
      entry.onFire = () => {
        entry.onFire = () => 0
        entry.dueMs = clock.now() + 5_000
        return 5_000
      }
      schedule(wheel, clock, entry, afterMs)
      return entry
    })
    clock.block(blockedMs)
    for (const entry of entries) assert.equal(entry.firedMs.length, 1, `blocked ${blockedMs}`)
    clock.advance(5_500)
    for (const entry of entries) assert.equal(entry.firedMs.length, 2)
    assert.equal(wheel.size, 0)
  }
})

test('the wheel has a timer only while something is in it', () => {
  const clock = new FakeClock()
  const wheel = new TimingWheel(clock)
  assert.equal(clock.timerCount, 0)
  const entry = new Entry()
  schedule(wheel, clock, entry, 1_000)
  assert.equal(clock.timerCount, 1)
  schedule(wheel, clock, entry, 2_000)
  assert.deepEqual([clock.timerCount, wheel.size], [1, 1])
  wheel.remove(entry)
  wheel.remove(entry)
  assert.deepEqual([clock.timerCount, wheel.size], [0, 0])
})

test('an entry that throws does not stop the wheel', () => {
  const clock = new FakeClock()
  const wheel = new TimingWheel(clock)
  const [bad, good] = [new Entry(), new Entry()]
  bad.onFire = () => {
    throw new Error('thrown when due')
  }
  schedule(wheel, clock, bad, 100)
  schedule(wheel, clock, good, 1_000)
  assert.throws(() => clock.advance(600), /thrown when due/)
  clock.advance(2_000)
  assert.equal(good.firedMs.length, 1)
})

test('the coarse time is a whole number, exact without a timer and a tick old at most with one', () => {
  const clock = new FakeClock(100.7)
  const wheel = new TimingWheel(clock)
  assert.equal(wheel.coarseNow, 100)
  clock.advance(33)
  assert.equal(wheel.coarseNow, 133)
  const entry = new Entry()
  schedule(wheel, clock, entry, 10_000)
  for (let i = 0; i < 50; i++) {
    clock.advance(90)
    const ageMs: number = clock.now() - wheel.coarseNow
    assert.ok(ageMs >= 0 && ageMs <= WHEEL_TICK_MS + 1, `${ageMs} ms old`)
    assert.ok(Number.isSafeInteger(wheel.coarseNow))
  }
})
