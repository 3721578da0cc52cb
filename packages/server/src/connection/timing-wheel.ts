// One timer for the deadlines of all connections: a hashed timing wheel (Varghese and Lauck, 1987). Adding,
// moving and removing are O(1); an entry costs three fields and no timer of its own.

import type { CancelTimer, Clock } from './clock.ts'

/** What the wheel holds. The fields belong to the wheel. */
export interface WheelEntry {
  wheelNext: WheelEntry | null
  wheelPrevious: WheelEntry | null
  /** Where the entry is; -1 when it is in no slot. */
  wheelSlot: number
  /** The time has come. Returns in how many milliseconds again, or 0 for not again. */
  onDue(now: number): number
}

/** How exact deadlines are: they come up to this much late, never early. */
export const WHEEL_TICK_MS = 250
/** 64 s a turn; longer deadlines are put in the last slot, asked there, and put again. */
const SLOTS = 256

export class TimingWheel {
  readonly #clock: Clock
  readonly #slots: (WheelEntry | null)[] = Array.from({ length: SLOTS }, () => null)
  #cursor = 0
  #cursorTime = 0
  #size = 0
  #cancel: CancelTimer | null = null
  #isTicking = false
  #nowMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#nowMs = Math.trunc(clock.now())
  }

  /** Entries under way. */
  get size(): number {
    return this.#size
  }

  /**
   * The time in whole milliseconds, up to WHEEL_TICK_MS old: cheap to read for every message, and a small
   * integer, which costs a connection no memory of its own. A deadline counted from it comes up to a tick early.
   */
  get coarseNow(): number {
    if (this.#cancel === null) this.#nowMs = Math.trunc(this.#clock.now())
    return this.#nowMs
  }

  /** Puts the entry, or moves it, to `afterMs` from now. */
  schedule(entry: WheelEntry, afterMs: number): void {
    if (entry.wheelSlot >= 0) this.#unlink(entry)
    else this.#size++
    // While ticking the wheel has no timer and still runs: its time must not jump.
    if (this.#cancel === null && !this.#isTicking) this.#start()
    // Counted from the cursor's time, not from now: an entry must not come early.
    const ahead = this.#clock.now() + afterMs - this.#cursorTime
    const ticks = Math.min(Math.max(Math.ceil(ahead / WHEEL_TICK_MS), 1), SLOTS - 1)
    this.#link(entry, (this.#cursor + ticks) % SLOTS)
  }

  remove(entry: WheelEntry): void {
    if (entry.wheelSlot < 0) return
    this.#unlink(entry)
    entry.wheelSlot = -1
    this.#size--
    if (this.#size === 0) this.#stop()
  }

  #start(): void {
    this.#cursorTime = this.#clock.now()
    this.#nowMs = Math.trunc(this.#cursorTime)
    this.#cancel = this.#clock.setTimer(WHEEL_TICK_MS, this.#tick)
  }

  #stop(): void {
    this.#cancel?.()
    this.#cancel = null
  }

  readonly #tick = (): void => {
    this.#cancel = null
    const now = this.#clock.now()
    this.#nowMs = Math.trunc(now)
    // A loop that was blocked passes several slots at once; after a whole turn each of them once is enough.
    const passed = Math.floor((now - this.#cursorTime) / WHEEL_TICK_MS)
    if (passed > SLOTS) this.#cursorTime += (passed - SLOTS) * WHEEL_TICK_MS
    this.#isTicking = true
    try {
      while (this.#cursorTime + WHEEL_TICK_MS <= now) {
        this.#cursorTime += WHEEL_TICK_MS
        this.#cursor = (this.#cursor + 1) % SLOTS
        this.#expire(this.#cursor)
      }
    } finally {
      this.#isTicking = false
      if (this.#size > 0) {
        const untilNext = this.#cursorTime + WHEEL_TICK_MS - this.#clock.now()
        this.#cancel = this.#clock.setTimer(Math.max(untilNext, 1), this.#tick)
      }
    }
  }

  #expire(slot: number): void {
    // Unlinked one by one: `onDue` may remove any other entry, the next one included. Nothing is put into this
    // slot meanwhile: `schedule` goes at least one slot ahead.
    for (let entry = this.#slots[slot]!; entry !== null; entry = this.#slots[slot]!) {
      this.#unlink(entry)
      entry.wheelSlot = -1
      this.#size--
      const again = entry.onDue(this.#nowMs)
      if (again > 0 && entry.wheelSlot < 0) this.schedule(entry, again)
    }
  }

  #link(entry: WheelEntry, slot: number): void {
    const first = this.#slots[slot]!
    entry.wheelSlot = slot
    entry.wheelPrevious = null
    entry.wheelNext = first
    if (first !== null) first.wheelPrevious = entry
    this.#slots[slot] = entry
  }

  #unlink(entry: WheelEntry): void {
    const { wheelNext, wheelPrevious } = entry
    if (wheelNext !== null) wheelNext.wheelPrevious = wheelPrevious
    if (wheelPrevious !== null) wheelPrevious.wheelNext = wheelNext
    else this.#slots[entry.wheelSlot] = wheelNext
    entry.wheelNext = null
    entry.wheelPrevious = null
  }
}
