// Errors as replies: what a client is told of a request that failed. Only what a program means for the client
// reaches it.

import type { ContractIssue } from '../../connection/contract.ts'
import type { ErrorCode } from '../../protocol/errors.ts'
import { errorCatalogue } from '../../protocol/errors.ts'

/** Throw it to answer a request with an error of your own; of any other error the client learns nothing. */
export class RequestError extends Error {
  /** The program's own, for the client's program to tell errors apart. */
  readonly code: string
  /** Goes along as JSON. */
  readonly data: unknown

  constructor(code: string, message: string, data?: unknown, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RequestError'
    this.code = code
    this.data = data
  }
}

/** What stands under `error` in a reply. */
export type ErrorReply =
  | {
      readonly code: ErrorCode
      readonly message: string
      readonly fix: string
      readonly issues?: readonly ContractIssue[]
    }
  | { readonly code: string; readonly message: string; readonly data?: unknown }

/** A code of the catalogue as a reply. */
export function catalogueReply(code: ErrorCode, issues?: readonly ContractIssue[]): ErrorReply {
  const { message, fix } = errorCatalogue[code]
  return issues === undefined ? { code, message, fix } : { code, message, fix, issues }
}

/** An error of the program as a reply. */
export function requestErrorReply({ code, message, data }: RequestError): ErrorReply {
  return data === undefined ? { code, message } : { code, message, data }
}
