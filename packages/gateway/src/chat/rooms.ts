// How many rooms there may be at once: their names are anybody's to choose, and each keeps a history. Knows no topic.

export class Rooms {
  readonly #count: number
  readonly #idleMs: number
  /** When each was used last, the longest ago first. */
  readonly #usedAtMs = new Map<string, number>()

  /** A room that nobody used for `idleMs` counts no more. */
  constructor(count: number, idleMs: number) {
    this.#count = count
    this.#idleMs = idleMs
  }

  /** Whether a room is one of them, or may become one; it is used then. */
  admits(room: string, nowMs: number): boolean {
    if (!this.#usedAtMs.delete(room)) this.#forgetIdle(nowMs)
    if (this.#usedAtMs.size >= this.#count) return false
    this.#usedAtMs.set(room, nowMs)
    return true
  }

  #forgetIdle(nowMs: number): void {
    for (const [room, usedAtMs] of this.#usedAtMs) {
      if (nowMs - usedAtMs < this.#idleMs) return
      this.#usedAtMs.delete(room)
    }
  }
}
