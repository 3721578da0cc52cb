// The client's own catalogue of refusals: the same codes and shape as the server's, repeated here because the
// client has no dependency.

const sentences = {
  ERR_MESSAGE_INVALID: 'A message that arrived does not match the contract; it was left out',
  ERR_MESSAGE_OUT_INVALID: 'A message does not match the contract and was not sent',
  ERR_CONTRACT_ASYNC:
    'A contract uses a schema that validates asynchronously; use a synchronous one',
  ERR_INBOX_FULL:
    'Messages arrived faster than they were read, and some were left out; read faster or raise inboxMessages',
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

  constructor(code: ClientErrorCode, detail?: string, issues: readonly MessageIssue[] = []) {
    super(detail === undefined ? sentences[code] : `${sentences[code]}: ${detail}`)
    this.name = 'ClientError'
    this.code = code
    this.issues = issues
  }
}
