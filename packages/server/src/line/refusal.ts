// A refusal whose detail is for the client to read. Of any other error the line tells what the catalogue says, and no
// more: a broker's may name what stands behind the server.

import type { ErrorCode } from '../protocol/errors.ts'

export class Refusal extends Error {
  readonly code: ErrorCode
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, detail?: string, retryAfterMs?: number) {
    super(detail)
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}
