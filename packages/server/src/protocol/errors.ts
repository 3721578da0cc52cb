// The one catalogue of refusals: every error that Holdline gives a program, a client or an operator has its
// code in error-entries/, with what happened and what to do about it. The table in docs/guide/errors.md is made from it.

import { lineErrors } from './error-entries/line.ts'
import { modelErrors } from './error-entries/models.ts'
import { operationErrors } from './error-entries/operation.ts'
import { topicErrors } from './error-entries/topics.ts'
import { wireErrors } from './error-entries/wire.ts'

/** What one refusal means on each of the surfaces where it can appear. */
export interface ErrorEntry {
  /** What happened, as one plain sentence without a full stop. */
  readonly message: string
  /** What the reader can do about it. */
  readonly fix: string
  /** WebSocket close code (RFC 6455 §7.4.1) when the refusal ends a connection. */
  readonly closeCode?: number
  /** HTTP status when the refusal answers a request. */
  readonly status?: number
}

const entries = { ...wireErrors, ...operationErrors, ...topicErrors, ...lineErrors, ...modelErrors }

export type ErrorCode =
  | keyof typeof wireErrors
  | keyof typeof operationErrors
  | keyof typeof topicErrors
  | keyof typeof lineErrors
  | keyof typeof modelErrors

/** Every code with its entry. */
export const errorCatalogue: Readonly<Record<ErrorCode, ErrorEntry>> = entries

/** An error with a code of the catalogue. `message` holds the sentence, an optional detail, and the fix. */
export class HoldlineError extends Error {
  readonly code: ErrorCode
  /** What this very case was about: a value, a path, a limit. */
  readonly detail: string | undefined

  constructor(code: ErrorCode, detail?: string, options?: ErrorOptions) {
    const entry = errorCatalogue[code]
    super(`${entry.message}${detail === undefined ? '' : `: ${detail}`}. ${entry.fix}.`, options)
    this.name = 'HoldlineError'
    this.code = code
    this.detail = detail
  }

  /** Close code for the wire; 1011 where the entry names none. */
  get closeCode(): number {
    return errorCatalogue[this.code].closeCode ?? 1011
  }

  /** HTTP status; 500 where the entry names none. */
  get status(): number {
    return errorCatalogue[this.code].status ?? 500
  }
}
