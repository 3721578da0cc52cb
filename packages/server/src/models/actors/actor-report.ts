// What a system tells of failures that nobody else is told of.

import { describe } from './exit-reason.ts'
import type { ExitReason } from './exit-reason.ts'
import type { AnyRef } from './ref.ts'

/** An actor that did not end as it should, or something that happened where nobody could be told. */
export interface ActorReport {
  /** null: it concerns no one actor. */
  readonly ref: AnyRef | null
  readonly reason: ExitReason
}

/** A line on the error output. */
export function logged({ ref, reason }: ActorReport): void {
  const what = reason instanceof Error ? (reason.stack ?? reason.message) : describe(reason)
  console.error(`holdline: ${ref === null ? 'actors' : ref.toString()}: ${what}`)
}
