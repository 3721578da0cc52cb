// The client's own catalogue of refusals: the same codes and shape as the server's, repeated here because the
// client has no dependency. The sentences are short: they are in every page.

import { guard } from './guard.ts'

const sentences = {
  ERR_MESSAGE_INVALID: 'A message does not match the contract and was left out',
  ERR_MESSAGE_OUT_INVALID: 'The message does not match the contract and was not sent',
  ERR_CONTRACT_ASYNC: 'The schema is asynchronous; use a synchronous one',
  ERR_INBOX_FULL: 'Messages were left out; read faster or raise inboxMessages',
  ERR_LINE_CLOSED: 'The line is closed',
  ERR_BUFFER_FULL: 'Too much waits for answers; wait too or raise bufferBytes',
  ERR_UNANSWERED: 'No answer in time; whether it was done is not known',
  ERR_MESSAGE_TOO_LARGE: 'The server takes no message of this size',
  ERR_ENVELOPE_INVALID: 'The server sent no holdline.v1; it was left out',
  ERR_TOPIC_SUBSCRIBED: 'The topic is subscribed already; share the subscription',
  ERR_TOKEN_FAILED: 'The token function failed',
} as const

/** What the client can refuse. The texts are sentences for people; programs compare the codes. */
export type ClientErrorCode = keyof typeof sentences

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
    super(detail === undefined ? sentences[code] : `${sentences[code]}: ${detail}`)
    this.name = 'ClientError'
    this.code = code
    this.issues = issues
  }
}

/** The server refused what was asked of it. */
export class RefusedError extends Error {
  /** A code of the server's catalogue, such as ERR_TOPIC_UNKNOWN. */
  readonly code: string
  readonly topic: string | undefined
  /** When it makes sense to ask again, where the server said so. */
  readonly retryAfterMs: number | undefined

  constructor({ code, message, topic, retryAfterMs }: Readonly<Record<string, unknown>>) {
    super(`${String(code)}: ${String(message)}`)
    this.name = 'RefusedError'
    this.code = String(code)
    this.topic = topic as string | undefined
    this.retryAfterMs = isCount(retryAfterMs) ? retryAfterMs : undefined
  }
}

/** Hands an error to the program's listener, or to the console where there is none. */
export function report<Reported extends Error>(
  { onError = (error) => console.warn(error) }: { onError?: (error: Reported) => void },
  error: Reported,
): void {
  guard(() => onError(error))
}

/** What counts things or time. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
