// What a turn of the loop has to run, by priority, and what is due when. Knows no descriptors.

/** Something that the loop runs: an event, a timer, a signal. */
export abstract class Activity {
  readonly priority: number
  /** What it is to be told when it runs; 0 while it is not on the agenda. */
  active = 0
  /** When it is due; Infinity while nothing is set. */
  dueMs: number = Infinity
  /** Its place in the heap and the time under which it lies there, which may be earlier than `dueMs`. */
  heapIndex = -1
  heapMs = 0
  /** What is due at the same moment runs in the order in which it was set. */
  heapOrder = 0

  constructor(priority: number) {
    this.priority = priority
  }

  /** Its time has come: puts itself on the agenda, if it has something to run. */
  abstract fallDue(nowMs: number): void
  /** Must not throw. */
  abstract run(what: number): void
}

/** Priorities go from 0, the first in a turn, to 7. */
export const PRIORITY_COUNT = 8
export const DEFAULT_PRIORITY = 4

export class Agenda {
  readonly #queues: Activity[][] = Array.from({ length: PRIORITY_COUNT }, () => [])
  /** A binary heap, by `heapMs`. */
  readonly #heap: Activity[] = []
  #isHalted = false
  #order = 0

  /** Puts `activity` on the agenda, or adds `what` where it is already there. */
  activate(activity: Activity, what: number): void {
    if (activity.active === 0) this.#queues[activity.priority]!.push(activity)
    activity.active |= what
  }

  /**
   * Runs what is on the agenda, lower priorities first; what has been taken off it (`active` 0) is passed over. After
   * `halt` the rest stays for the next time. Gives how many ran.
   */
  run(): number {
    this.#isHalted = false
    let count = 0
    for (const queue of this.#queues) {
      let at = 0
      while (at < queue.length && !this.#isHalted) {
        const activity = queue[at++]!
        const what = activity.active
        if (what === 0) continue
        activity.active = 0
        count++
        activity.run(what)
      }
      if (at === queue.length) queue.length = 0
      else queue.splice(0, at)
    }
    return count
  }

  /** Ends `run` behind the callback that is under way. */
  halt(): void {
    this.#isHalted = true
  }

  get hasWork(): boolean {
    return this.#queues.some((queue) => queue.some(({ active }) => active !== 0))
  }

  // --- Time

  /**
   * A later time than before costs nothing: the activity stays where it lies in the heap, and is put right when its
   * old time comes. So a timeout that every message pushes back does not sort anything.
   */
  setDue(activity: Activity, dueMs: number): void {
    activity.dueMs = dueMs
    if (activity.heapIndex < 0) {
      activity.heapMs = dueMs
      activity.heapOrder = this.#order++
      activity.heapIndex = this.#heap.length
      this.#heap.push(activity)
      this.#rise(activity.heapIndex)
    } else if (dueMs < activity.heapMs) {
      activity.heapMs = dueMs
      this.#rise(activity.heapIndex)
    }
  }

  clearDue(activity: Activity): void {
    activity.dueMs = Infinity
    const index = activity.heapIndex
    if (index < 0) return
    activity.heapIndex = -1
    const last = this.#heap.pop()!
    if (last === activity) return
    this.#place(last, index)
    this.#rise(index)
    this.#sink(last.heapIndex)
  }

  /** When something may be due; Infinity where nothing is set. */
  get nextMs(): number {
    return this.#heap[0]?.heapMs ?? Infinity
  }

  /** Lets everything fall due whose time has come, in the order of the times. */
  passTo(nowMs: number): void {
    for (;;) {
      const first = this.#heap[0]
      if (first === undefined || first.heapMs > nowMs) return
      if (first.dueMs > nowMs) {
        first.heapMs = first.dueMs
        this.#sink(0)
      } else {
        this.clearDue(first)
        first.fallDue(nowMs)
      }
    }
  }

  #place(activity: Activity, index: number): void {
    this.#heap[index] = activity
    activity.heapIndex = index
  }

  #rise(from: number): void {
    let index = from
    const activity = this.#heap[index]!
    while (index > 0) {
      const above = (index - 1) >> 1
      if (!isBefore(activity, this.#heap[above]!)) break
      this.#place(this.#heap[above]!, index)
      index = above
    }
    this.#place(activity, index)
  }

  #sink(from: number): void {
    let index = from
    const activity = this.#heap[index]!
    for (;;) {
      let below = 2 * index + 1
      if (below >= this.#heap.length) break
      const right = below + 1
      if (right < this.#heap.length && isBefore(this.#heap[right]!, this.#heap[below]!))
        below = right
      if (!isBefore(this.#heap[below]!, activity)) break
      this.#place(this.#heap[below]!, index)
      index = below
    }
    this.#place(activity, index)
  }
}

function isBefore(one: Activity, other: Activity): boolean {
  return one.heapMs === other.heapMs ? one.heapOrder < other.heapOrder : one.heapMs < other.heapMs
}
