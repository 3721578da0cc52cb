// Answers what node:http could not take for a request.

import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { ErrorCode } from '../../protocol/errors.ts'
import { refusalResponse } from '../../protocol/handshake.ts'
import { endWithResponse } from './end-with-response.ts'

const codes: ReadonlyMap<string, ErrorCode> = new Map([
  ['HPE_HEADER_OVERFLOW', 'ERR_UPGRADE_HEADERS'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'ERR_UPGRADE_TIMEOUT'],
])

/** Lines that are being ended: node:http reports every piece that still comes as one more error. */
const ending = new WeakSet<Socket>()

/** The line is ended in every case: its later bytes cannot be trusted to be requests (RFC 9112 §2.2, §6.3). */
export function answerClientError(error: Error & { code?: string }, stream: unknown): void {
  const socket = stream as Socket
  if (ending.has(socket)) return
  const code = codes.get(error.code ?? '') ?? 'ERR_UPGRADE_MALFORMED'
  if (!isReachable(socket, error)) socket.destroy()
  else {
    ending.add(socket)
    endWithResponse(socket, refusalResponse(undefined, code))
  }
}

/** Whether an answer could arrive: not where the line broke, nor where TLS was never agreed upon. */
function isReachable(socket: Socket, error: { code?: string }): boolean {
  if (!socket.writable || error.code === 'ECONNRESET') return false
  return !(socket instanceof TLSSocket) || socket.getCipher() !== undefined
}
