// What a connection has to send and has not handed over, or not had taken. A connection has one only while there is
// something of that kind, and shares a pool of them with all others: an idle line keeps none.

import type { Piece, Slab } from './slab.ts'

export class Outbox {
  /** Finished pieces, in front of the region. */
  pieces: Piece[] | null = null
  /** The memory that is being written to: the arena's slab, or private memory. */
  slab: Slab | null = null
  /** The region [start, end) of it that is this connection's. */
  start = 0
  end = 0
  isPrivate = false
  unflushedBytes = 0
  underWayBytes = 0
  /** What the write that is under way reads from. */
  underWay: Slab | readonly Piece[] | null = null
  /** Since when it is; on the wheel's clock. */
  blockedSinceMs = 0
  /** In which turn it began. */
  sinceTurn = 0

  /** Nothing waits and nothing is under way: the connection does not need it any more. */
  get isEmpty(): boolean {
    return this.unflushedBytes === 0 && this.underWay === null
  }
}

const MOST_POOLED = 256
const pool: Outbox[] = []

export function takeOutbox(): Outbox {
  return pool.pop() ?? new Outbox()
}

/** Takes an outbox back that is empty. */
export function giveOutbox(outbox: Outbox): void {
  outbox.pieces = null
  outbox.slab = null
  if (pool.length < MOST_POOLED) pool.push(outbox)
}
