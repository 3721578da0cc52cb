// Why an actor ended, and what those who care about it are told. Knows no actor.

import { HoldlineError } from '../../protocol/errors.ts'
import type { AnyRef } from './ref.ts'

/**
 * `normal` and `shutdown`: as it should be. `kill` asks for an end that cannot be refused, told to others as `killed`.
 * `noproc`: there was no such actor. `noconnection`: its worker is gone. An Error: it crashed. Any other text is the
 * program's own.
 */
export type ExitReason =
  | 'normal'
  | 'shutdown'
  | 'kill'
  | 'killed'
  | 'noproc'
  | 'noconnection'
  | Error
  | (string & {})

/** What a monitor tells, once. */
export interface Down {
  /** As it was given to `monitor`. */
  readonly ref: AnyRef
  readonly monitor: unknown
  readonly reason: ExitReason
}

/** An exit signal that was trapped. */
export interface Exit {
  /** null: it came from outside of all actors. */
  readonly from: AnyRef | null
  readonly reason: ExitReason
}

/** What becomes of an ask whose actor is not there, or ends before it answers. */
export class ActorDownError extends HoldlineError {
  readonly reason: ExitReason

  constructor(whom: string, reason: ExitReason) {
    const detail = `${whom}, ${describe(reason)}`
    super('ERR_ACTOR_DOWN', detail, reason instanceof Error ? { cause: reason } : undefined)
    this.reason = reason
  }
}

/** Whether an end is a failure: what a transient child is restarted for, and what is reported. */
export function isAbnormal(reason: ExitReason): boolean {
  return reason !== 'normal' && reason !== 'shutdown'
}

export function describe(reason: ExitReason): string {
  return typeof reason === 'string' ? reason : `${reason.name}: ${reason.message}`
}

/** What was thrown, as a reason. */
export function reasonOf(thrown: unknown): ExitReason {
  if (thrown instanceof Error) return thrown
  return new Error(`Thrown: ${String(thrown)}`, { cause: thrown })
}
