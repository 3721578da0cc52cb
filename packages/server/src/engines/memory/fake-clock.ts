// Owns a time that passes only when it is told to, for tests that must end the same way every time. Knows no
// engine: whatever takes a Clock runs on it.

import type { CancelTimer, Clock } from '../../connection/clock.ts'

interface Timer {
  readonly dueMs: number
  /** Timers of one moment run in the order in which they were set. */
  readonly order: number
  readonly f: () => void
}

/** A run of turns as long as this is no run but a ring. */
const MAX_TURNS = 100_000

export class FakeClock implements Clock {
  #nowMs: number
  #order = 0
  /** Sorted: the next one last. */
  readonly #timers: Timer[] = []
  #turnEnd: (() => void)[] = []

  constructor(startMs = 1_000) {
    this.#nowMs = startMs
  }

  now(): number {
    return this.#nowMs
  }

  setTimer(ms: number, f: () => void): CancelTimer {
    const timer: Timer = { dueMs: this.#nowMs + Math.max(ms, 0), order: this.#order++, f }
    let at = this.#timers.length
    while (at > 0 && !isBefore(timer, this.#timers[at - 1]!)) at--
    this.#timers.splice(at, 0, timer)
    return () => {
      const index = this.#timers.indexOf(timer)
      if (index >= 0) this.#timers.splice(index, 1)
    }
  }

  atTurnEnd(f: () => void): void {
    this.#turnEnd.push(f)
  }

  /** Whether something is left to do without time passing. */
  get isBusy(): boolean {
    return this.#turnEnd.length > 0 || this.#nextDueMs() <= this.#nowMs
  }

  /** Timers that have been set and have not run. */
  get timerCount(): number {
    return this.#timers.length
  }

  /** One turn of the loop: the timers that are due, then its end. What they ask for belongs to the next turn. */
  runTurn(): void {
    const before = this.#order
    for (;;) {
      const next = this.#timers.at(-1)
      if (next === undefined || next.dueMs > this.#nowMs || next.order >= before) break
      this.#timers.pop()
      next.f()
    }
    const turnEnd = this.#turnEnd
    this.#turnEnd = []
    for (const f of turnEnd) f()
  }

  /** Turns until there is nothing left to do without time passing. */
  runTurns(): void {
    for (let turns = 0; this.isBusy; turns++) {
      if (turns > MAX_TURNS) throw new Error('The turns of the fake clock do not come to an end')
      this.runTurn()
    }
  }

  /** Lets time pass, stopping at each timer on the way. Promises do not settle meanwhile: see `pass`. */
  advance(ms: number): void {
    const target = this.#nowMs + ms
    this.runTurns()
    while (this.#nextDueMs() <= target) {
      this.#nowMs = this.#nextDueMs()
      this.runTurns()
    }
    this.#nowMs = target
  }

  /** Turns until there is nothing left to do, letting the promises settle between them. */
  async settle(): Promise<void> {
    await promisesSettled()
    for (let turns = 0; this.isBusy; turns++) {
      if (turns > MAX_TURNS) throw new Error('The turns of the fake clock do not come to an end')
      this.runTurn()
      await promisesSettled()
    }
  }

  /** Lets time pass, with the promises settled at each timer on the way. */
  async pass(ms: number): Promise<void> {
    const target = this.#nowMs + ms
    await this.settle()
    while (this.#nextDueMs() <= target) {
      this.#nowMs = this.#nextDueMs()
      await this.settle()
    }
    this.#nowMs = target
  }

  #nextDueMs(): number {
    return this.#timers.at(-1)?.dueMs ?? Infinity
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.dueMs === other.dueMs ? one.order < other.order : one.dueMs < other.dueMs
}

/** Every promise that can go on without I/O has gone on once an immediate runs. */
function promisesSettled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
