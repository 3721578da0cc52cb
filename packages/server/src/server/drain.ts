// Sends connections away, one slot after the other, so that they do not arrive elsewhere all at once. Who can be told
// in its subprotocol's own words is told first, and keeps the slot itself. Knows neither engines nor listeners.
//
// Rule 1: slots are spread evenly; who has which is left to chance, so that those of one room or office do not move
//         together.
// Rule 2: who was told and has not left a margin after its slot is closed.

import type { CancelTimer, Clock } from '../connection/clock.ts'
import type { HeldConnection } from '../connection/held-connection.ts'
import { CloseCode } from '../protocol/close-code.ts'
import { HoldlineError } from '../protocol/errors.ts'

export interface DrainOptions {
  /**
   * Milliseconds over which connections are sent away when the server stops, or a worker is replaced; at most half of
   * `graceMs`. Default: 1 for each connection, at most half of `graceMs`.
   */
  readonly spreadMs?: number
}

/** How connections are sent away. */
export interface Farewell {
  /** The code that they are closed with. */
  readonly code: number
  readonly reason: string
  readonly spreadMs: number
  /** What those who were told have beyond their slot. */
  readonly marginMs: number
  /** Where they are to go; null: they come again. */
  readonly url: string | null
}

/** How often somebody is sent away. */
const TICK_MS = 20
/** Who is told in one tick: telling all of very many at once would hold the others up. */
const MOST_TOLD = 1_000
/** What those who were told have at most. */
const MARGIN_MS = 1_000

interface Departure {
  readonly connection: HeldConnection
  /** On the clock of the drain: from its start. */
  readonly dueMs: number
}

export class Drain {
  readonly #clock: Clock
  readonly #farewell: Farewell
  readonly #startedAtMs: number
  /** In the order of their slots; of each what is before its index is done. */
  readonly #toTell: Departure[] = []
  #toldCount = 0
  readonly #toClose: Departure[] = []
  #closedCount = 0
  /** Those who were told, with the margin. */
  readonly #toEnd: Departure[] = []
  #endedCount = 0
  #timer: CancelTimer | null = null

  /** Whoever is due at once is sent away before this returns. */
  constructor(
    clock: Clock,
    connections: readonly HeldConnection[],
    farewell: Farewell,
    random: () => number = Math.random,
  ) {
    this.#clock = clock
    this.#farewell = farewell
    this.#startedAtMs = clock.now()
    const count = connections.length
    for (const [place, connection] of shuffled(connections, random).entries()) {
      const dueMs = Math.floor((place * farewell.spreadMs) / count)
      const list = connection.canBeToldToLeave ? this.#toTell : this.#toClose
      list.push({ connection, dueMs })
    }
    this.#tick()
  }

  /** Nobody more is sent away; who was told may leave all the same. */
  stop(): void {
    this.#timer?.()
    this.#timer = null
  }

  readonly #tick = (): void => {
    const { code, reason, marginMs } = this.#farewell
    const nowMs = this.#clock.now() - this.#startedAtMs
    this.#tell(nowMs)
    // A tick of the time that comes belongs to this one: with the last slot the spread is over.
    const untilMs = nowMs + TICK_MS
    for (; this.#closedCount < this.#toClose.length; this.#closedCount++) {
      const { connection, dueMs } = this.#toClose[this.#closedCount]!
      if (dueMs >= untilMs) break
      connection.close(code, reason)
    }
    for (; this.#endedCount < this.#toEnd.length; this.#endedCount++) {
      const { connection, dueMs } = this.#toEnd[this.#endedCount]!
      if (dueMs + marginMs > nowMs) break
      connection.close(code === CloseCode.GOING_AWAY ? CloseCode.SERVICE_RESTART : code, reason)
    }
    const isDone =
      this.#toldCount === this.#toTell.length &&
      this.#closedCount === this.#toClose.length &&
      this.#endedCount === this.#toEnd.length
    this.#timer = isDone ? null : this.#clock.setTimer(TICK_MS, this.#tick)
  }

  #tell(nowMs: number): void {
    const { reason, url } = this.#farewell
    const until = Math.min(this.#toTell.length, this.#toldCount + MOST_TOLD)
    for (; this.#toldCount < until; this.#toldCount++) {
      const { connection, dueMs } = this.#toTell[this.#toldCount]!
      const atMs = Math.max(dueMs, nowMs)
      connection.tellToLeave({ afterMs: Math.round(atMs - nowMs), reason, url })
      this.#toEnd.push({ connection, dueMs: atMs })
    }
  }
}

/** The spread and the margin of a drain that is to be over within `graceMs`: a quarter is left for close handshakes. */
export function pacing(
  connectionCount: number,
  graceMs: number,
  spreadMs: number | null,
): Pick<Farewell, 'spreadMs' | 'marginMs'> {
  return {
    spreadMs: Math.min(spreadMs ?? connectionCount, Math.floor(graceMs / 2)),
    marginMs: Math.min(MARGIN_MS, Math.floor(graceMs / 4)),
  }
}

/**
 * null: as many milliseconds as there are connections.
 *
 * @throws HoldlineError ERR_OPTION_INVALID
 */
export function resolveSpread(set: DrainOptions | undefined, graceMs: number): number | null {
  if (set === undefined) return null
  if (typeof set !== 'object' || set === null) invalid(`drain is ${JSON.stringify(set)}`)
  for (const name of Object.keys(set)) {
    if (name !== 'spreadMs') invalid(`drain.${name} is not an option`)
  }
  const { spreadMs } = set
  if (spreadMs === undefined) return null
  const highest = Math.floor(graceMs / 2)
  if (!Number.isSafeInteger(spreadMs) || spreadMs < 0 || spreadMs > highest) {
    invalid(
      `drain.spreadMs is ${JSON.stringify(spreadMs)}, not a whole number from 0 to ${highest}, which is half of graceMs`,
    )
  }
  return spreadMs
}

/** Fisher and Yates's. */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const mixed = [...items]
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const item = mixed[i]!
    mixed[i] = mixed[j]!
    mixed[j] = item
  }
  return mixed
}

function invalid(detail: string): never {
  throw new HoldlineError('ERR_OPTION_INVALID', detail)
}
