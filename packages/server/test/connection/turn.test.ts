// What is put off to the end of a turn, and in which order it comes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turn } from '../../src/connection/turn.ts'
import type { TurnMember } from '../../src/connection/turn.ts'
import { FakeClock } from '../../src/engines/memory/fake-clock.ts'

class Member implements TurnMember {
  flushScheduled = false
  readonly #name: string
  readonly #calls: string[]
  onFlush: () => void = () => {}
  onDeliver: () => void = () => {}

  constructor(name: string, calls: string[]) {
    this.#name = name
    this.#calls = calls
  }

  flush(): void {
    this.#calls.push(`flush ${this.#name}`)
    this.onFlush()
  }

  deliverHeld(): void {
    this.#calls.push(`deliver ${this.#name}`)
    this.onDeliver()
  }
}

function stand(): { clock: FakeClock; turn: Turn; calls: string[]; a: Member; b: Member } {
  const calls: string[] = []
  const clock = new FakeClock()
  return {
    clock,
    turn: new Turn(clock),
    calls,
    a: new Member('a', calls),
    b: new Member('b', calls),
  }
}

test('each member is flushed once at the end of the turn, in the order of their asking', () => {
  const { clock, turn, calls, a, b } = stand()
  turn.flushLater(b)
  turn.flushLater(a)
  turn.flushLater(b)
  assert.deepEqual(calls, [])
  clock.runTurn()
  assert.deepEqual(calls, ['flush b', 'flush a'])
  clock.runTurns()
  turn.flushLater(b)
  clock.runTurns()
  assert.deepEqual(calls, ['flush b', 'flush a', 'flush b'])
})

test('held messages come first, then what goes before flushes, then the flushes of all', () => {
  const { clock, turn, calls, a, b } = stand()
  turn.flushLater(a)
  turn.beforeFlush(() => {
    calls.push('before')
    turn.flushLater(b)
  })
  turn.deliverLater(b)
  clock.runTurn()
  assert.deepEqual(calls, ['deliver b', 'before', 'flush a', 'flush b'])
})

test('what a flush asks for belongs to the next turn', () => {
  const { clock, turn, calls, a, b } = stand()
  a.onFlush = () => {
    if (calls.length < 3) turn.flushLater(a)
    turn.deliverLater(b)
    turn.beforeFlush(() => calls.push('before'))
    a.onFlush = () => {}
  }
  turn.flushLater(a)
  clock.runTurn()
  assert.deepEqual(calls, ['flush a'])
  clock.runTurn()
  assert.deepEqual(calls, ['flush a', 'deliver b', 'before', 'flush a'])
})

test('a delivery that asks for another does not hold up the turn', () => {
  const { clock, turn, calls, a } = stand()
  a.onDeliver = () => {
    if (calls.length < 5) turn.deliverLater(a)
  }
  turn.deliverLater(a)
  clock.runTurn()
  assert.deepEqual(calls, ['deliver a'])
  clock.runTurns()
  assert.equal(calls.length, 5)
})

test('the arena begins anew behind a turn, unless somebody has written in it again', () => {
  const { clock, turn, a, b } = stand()
  const { arena } = turn
  const write = (): number => {
    arena.reserve(100)
    const at = arena.position
    arena.position += 100
    return at
  }
  assert.deepEqual([write(), write()], [0, 100])
  turn.flushLater(a)
  clock.runTurn()
  assert.equal(write(), 0)
  a.onFlush = () => {
    assert.equal(write(), 100)
    turn.flushLater(b)
  }
  turn.flushLater(a)
  clock.runTurn()
  assert.equal(write(), 200)
  clock.runTurn()
  assert.equal(write(), 0)
})

test('a member that throws is reported as uncaught, and all others have their turn', async () => {
  const { clock, turn, calls, a, b } = stand()
  const broken = new Error('broken')
  a.onFlush = a.onDeliver = () => {
    throw broken
  }
  const uncaught: unknown[] = []
  const reported = Promise.withResolvers<void>()
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => {
    uncaught.push(error)
    if (uncaught.length === 2) reported.resolve()
  })
  for (const member of [a, b]) {
    turn.deliverLater(member)
    turn.flushLater(member)
  }
  clock.runTurn()
  await reported.promise
  process.removeAllListeners('uncaughtException')
  for (const listener of listeners) process.on('uncaughtException', listener)
  assert.deepEqual(uncaught, [broken, broken])
  assert.deepEqual(calls, ['deliver a', 'deliver b', 'flush a', 'flush b'])
  assert.equal(a.flushScheduled, false)
})

test('what is called before the flushes is called once, whatever another one throws', async () => {
  const { clock, turn, calls, a } = stand()
  const reported = Promise.withResolvers<unknown>()
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.once('uncaughtException', reported.resolve)
  const broken = new Error('broken')
  turn.beforeFlush(() => {
    throw broken
  })
  turn.beforeFlush(() => calls.push('before'))
  turn.flushLater(a)
  clock.runTurn()
  assert.equal(await reported.promise, broken)
  for (const listener of listeners) process.on('uncaughtException', listener)
  turn.flushLater(a)
  clock.runTurn()
  assert.deepEqual(calls, ['before', 'flush a', 'flush a'])
})
