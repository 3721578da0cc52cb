// The states of an actor, as bits, and what its cell needs of the system and of the program.

import type { Clock } from '../../connection/clock.ts'
import type { Cell } from './cell.ts'
import type { Down, Exit, ExitReason } from './exit-reason.ts'
import type { MailboxPool } from './mailbox.ts'
import type { AnyRef } from './ref.ts'

export const CellBit = {
  /** In the run queue, or being run from it. */
  SCHEDULED: 1,
  /** In a handler that has not returned. */
  RUNNING: 2,
  /** Behind a handler whose promise has not settled. */
  BUSY: 4,
  /** `receive` waits for a message. */
  RECEIVING: 8,
  TRAPPING: 16,
  /** To be stopped after the message it is at. */
  STOP_ASKED: 32,
  /** `stopped` is under way. */
  STOPPING: 64,
  DEAD: 128,
  /** Its mailbox is at its limit. */
  FULL: 256,
} as const

export const GONE: number = CellBit.STOPPING | CellBit.DEAD
export const OCCUPIED: number = CellBit.RUNNING | CellBit.BUSY | GONE
/** Bits with which a message may be handled without a turn in the queue. */
export const NOT_IDLE: number = ~CellBit.TRAPPING

/** What a cell needs of its system. */
export interface CellHost {
  readonly clock: Clock
  readonly mailboxes: MailboxPool
  /** The actor whose handler runs now. */
  current: Cell | null
  schedule(cell: Cell): void
  refOf(cell: Cell): AnyRef
  /** The actor is dead: its names are free when this returns. */
  forget(cell: Cell, reason: ExitReason): void
  report(cell: Cell, reason: ExitReason): void
}

/** What the program's actor is called with. */
export interface Lifecycle {
  started(): unknown
  stopped(reason: ExitReason): unknown
  down(down: Down): unknown
  exit(exit: Exit): unknown
}
