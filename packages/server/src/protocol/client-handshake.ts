// Owns the client's side of the opening handshake (RFC 6455 §4.1): writing a request, judging the answer.
// Pure: it must not know sockets or URLs, and redirects and logins are not its business.
import { randomBytes } from 'node:crypto'
import { HoldlineError, type ErrorCode } from './errors.ts'
import {
  acceptKey,
  headerLines,
  isKey,
  joinedHeader,
  singleHeader,
  type ExtraHeaders,
  type RequestHeaders,
} from './handshake.ts'
import { isToken, listHas } from './header-list.ts'

export interface UpgradeRequestText {
  /** The value of Host: name and, where it is not the scheme's own, port. */
  readonly host: string
  /** Path and query, beginning with `/`. */
  readonly target: string
  readonly key: string
  readonly origin?: string | undefined
  readonly subprotocols?: readonly string[] | undefined
  /** The value of Sec-WebSocket-Extensions, as deflateOffer gives it. */
  readonly extensions?: string | undefined
  readonly headers?: ExtraHeaders | undefined
}

export interface UpgradeAnswer {
  readonly status: number
  readonly headers: RequestHeaders
  /** The key of the request. */
  readonly key: string
  /** The subprotocols of the request. */
  readonly subprotocols?: readonly string[] | undefined
  /** Whether the request offered an extension; what was agreed is judged by acceptDeflate. */
  readonly offeredExtensions: boolean
}

/** A fresh Sec-WebSocket-Key: 16 random bytes in base64. */
export function createKey(): string {
  return randomBytes(16).toString('base64')
}

/** The upgrade request as text, to be sent as latin1. Throws ERR_HEADER_INVALID. */
export function upgradeRequest(request: UpgradeRequestText): string {
  if (!isTarget(request.target)) throw new HoldlineError('ERR_HEADER_INVALID', 'the target')
  if (!isKey(request.key)) throw new HoldlineError('ERR_HEADER_INVALID', 'Sec-WebSocket-Key')
  let text = `GET ${request.target} HTTP/1.1\r\n${headerLines({ Host: request.host })}`
  text += `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${request.key}\r\n`
  text += 'Sec-WebSocket-Version: 13\r\n'
  if (request.origin !== undefined) text += headerLines({ Origin: request.origin })
  const subprotocols = request.subprotocols ?? []
  if (subprotocols.length > 0) {
    if (!subprotocols.every(isToken) || new Set(subprotocols).size !== subprotocols.length) {
      throw new HoldlineError('ERR_HEADER_INVALID', 'the subprotocols are not different tokens')
    }
    text += `Sec-WebSocket-Protocol: ${subprotocols.join(', ')}\r\n`
  }
  if (request.extensions !== undefined) {
    if (!isHeaderText(request.extensions)) {
      throw new HoldlineError('ERR_HEADER_INVALID', 'the extensions')
    }
    text += `Sec-WebSocket-Extensions: ${request.extensions}\r\n`
  }
  return `${text}${headerLines(request.headers)}\r\n`
}

/** Why this response opens no WebSocket, or null when it does (RFC 6455 §4.1, second list). */
export function checkUpgradeResponse(answer: UpgradeAnswer): ErrorCode | null {
  const { headers } = answer
  if (answer.status !== 101) return 'ERR_RESPONSE_STATUS'
  if (singleHeader(headers, 'upgrade')?.toLowerCase() !== 'websocket') {
    return 'ERR_RESPONSE_HEADER_UPGRADE'
  }
  if (!listHas(joinedHeader(headers, 'connection') ?? '', 'upgrade')) {
    return 'ERR_RESPONSE_HEADER_CONNECTION'
  }
  if (singleHeader(headers, 'sec-websocket-accept')?.trim() !== acceptKey(answer.key)) {
    return 'ERR_RESPONSE_ACCEPT'
  }
  if (headers['sec-websocket-protocol'] !== undefined) {
    const chosen = singleHeader(headers, 'sec-websocket-protocol')
    if (chosen === null || !(answer.subprotocols ?? []).includes(chosen)) {
      return 'ERR_RESPONSE_SUBPROTOCOL'
    }
  }
  if (headers['sec-websocket-extensions'] !== undefined && !answer.offeredExtensions) {
    return 'ERR_RESPONSE_EXTENSIONS'
  }
  return null
}

/** Origin form (RFC 9112 §3.2.1): a slash, then visible ASCII. */
function isTarget(text: string): boolean {
  if (text.charCodeAt(0) !== 0x2f) return false
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at)
    if (character <= 0x20 || character >= 0x7f || character === 0x23) return false
  }
  return true
}

function isHeaderText(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at)
    if (character < 0x20 || character >= 0x7f) return false
  }
  return true
}
