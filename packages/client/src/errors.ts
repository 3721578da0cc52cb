// The client's own catalogue of refusals: the same codes and shape as the server's, repeated here because the
// client has no dependency.

import { guard } from './guard.ts'

/** What the client can refuse. What each one means and what to do about it is in the guide; here every byte counts. */
export type ClientErrorCode =
  | 'ERR_MESSAGE_INVALID'
  | 'ERR_MESSAGE_OUT_INVALID'
  | 'ERR_CONTRACT_ASYNC'
  | 'ERR_INBOX_FULL'
  | 'ERR_LINE_CLOSED'
  | 'ERR_BUFFER_FULL'
  | 'ERR_UNANSWERED'
  | 'ERR_MESSAGE_TOO_LARGE'
  | 'ERR_ENVELOPE_INVALID'
  | 'ERR_TOPIC_SUBSCRIBED'
  | 'ERR_TOKEN_FAILED'

/** One place where a message differs from the contract, as the schema library words it. */
export interface MessageIssue {
  readonly message: string
  readonly path?: readonly unknown[] | undefined
}

/** An error of this client. It is thrown by `send` and by readers, or handed to `onError`. */
export class ClientError extends Error {
  readonly code: ClientErrorCode
  /** Where the message differs from the contract; empty for other codes. */
  readonly issues: readonly MessageIssue[]

  /** What was thrown as one of these: itself, or with this code. */
  static of(thrown: unknown, code: ClientErrorCode): ClientError {
    return thrown instanceof ClientError ? thrown : new ClientError(code, String(thrown))
  }

  constructor(code: ClientErrorCode, detail?: string, issues: readonly MessageIssue[] = []) {
    super(detail ? `${code}: ${detail}` : code)
    this.name = 'ClientError'
    this.code = code
    this.issues = issues
  }
}

/** The server refused what was asked of it. */
export class RefusedError extends Error {
  /** A code of the server's catalogue, such as ERR_TOPIC_UNKNOWN. */
  readonly code: string
  /** When it makes sense to ask again, where the server said so. */
  readonly retryAfterMs: number | undefined

  constructor({ code, message, retryAfterMs }: Readonly<Record<string, unknown>>) {
    super(`${String(code)}: ${String(message)}`)
    this.name = 'RefusedError'
    this.code = String(code)
    this.retryAfterMs = isCount(retryAfterMs) ? retryAfterMs : undefined
  }
}

/** Hands an error to the program's listener, or to the console where there is none. */
export function report<Reported extends Error>(
  { onError = console.warn }: { onError?: (error: Reported) => void },
  error: Reported,
): void {
  guard(() => onError(error))
}

/** What counts things or time. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
