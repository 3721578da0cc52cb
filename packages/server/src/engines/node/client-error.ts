// Answers what node:http could not take for a request.

import type { Socket } from 'node:net'
import type { ErrorCode } from '../../protocol/errors.ts'
import { refusalResponse } from '../../protocol/handshake.ts'

const codes: ReadonlyMap<string, ErrorCode> = new Map([
  ['HPE_HEADER_OVERFLOW', 'ERR_UPGRADE_HEADERS'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'ERR_UPGRADE_TIMEOUT'],
])

/** The line is ended in every case: its later bytes cannot be trusted to be requests (RFC 9112 §2.2, §6.3). */
export function answerClientError(error: Error & { code?: string }, stream: unknown): void {
  const socket = stream as Socket
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  socket.on('error', () => socket.destroy())
  socket.end(
    refusalResponse(undefined, codes.get(error.code ?? '') ?? 'ERR_UPGRADE_MALFORMED'),
    () => socket.destroy(),
  )
}
