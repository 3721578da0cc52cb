// Close codes (RFC 6455 §7.4 and the IANA registry) and the payload of a close frame. Knows no connection.

import { isValidUtf8 } from './utf8.ts'

/** Close codes that Holdline itself uses, by the names of the IANA registry. */
export const CloseCode = {
  NORMAL: 1000,
  GOING_AWAY: 1001,
  PROTOCOL_ERROR: 1002,
  UNSUPPORTED_DATA: 1003,
  /** Never on the wire: what is reported when a close frame carried no code. */
  NO_STATUS: 1005,
  /** Never on the wire: what is reported when the line ended without a close frame. */
  ABNORMAL: 1006,
  INVALID_PAYLOAD: 1007,
  POLICY_VIOLATION: 1008,
  MESSAGE_TOO_BIG: 1009,
  INTERNAL_ERROR: 1011,
  SERVICE_RESTART: 1012,
  TRY_AGAIN_LATER: 1013,
} as const

/** Bytes that a close reason may have: 125 of a control frame less two for the code. */
export const MAX_REASON_BYTES = 123

/** Whether a close frame may carry this code: 1000–1003, 1007–1014 and 3000–4999 (RFC 6455 §7.4). */
export function isSendableCloseCode(code: number): boolean {
  return (
    Number.isInteger(code) &&
    ((code >= 1000 && code <= 1003) ||
      (code >= 1007 && code <= 1014) ||
      (code >= 3000 && code <= 4999))
  )
}

/** Cuts a reason to at most `maxBytes` of UTF-8, at a character border. */
export function truncateReason(reason: string, maxBytes: number = MAX_REASON_BYTES): string {
  const bytes = Buffer.from(reason, 'utf8')
  if (bytes.length <= maxBytes) return bytes.toString('utf8') // replaces lone surrogates
  let end = maxBytes
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}

/** What a close frame said. `problem` names the refusal when the payload is not allowed (RFC 6455 §5.5.1). */
export interface ClosePayload {
  readonly code: number
  readonly reason: string
  readonly problem: 'ERR_CLOSE_PAYLOAD' | 'ERR_CLOSE_CODE' | 'ERR_MESSAGE_UTF8' | null
}

/** Reads the unmasked payload `bytes[start, end)` of a close frame. */
export function readClosePayload(bytes: Uint8Array, start: number, end: number): ClosePayload {
  if (start === end) return { code: CloseCode.NO_STATUS, reason: '', problem: null }
  if (end - start === 1) return { code: 0, reason: '', problem: 'ERR_CLOSE_PAYLOAD' }
  const code = (bytes[start]! << 8) | bytes[start + 1]!
  if (!isSendableCloseCode(code)) return { code, reason: '', problem: 'ERR_CLOSE_CODE' }
  if (!isValidUtf8(bytes, start + 2, end)) return { code, reason: '', problem: 'ERR_MESSAGE_UTF8' }
  const reason = Buffer.from(bytes.buffer, bytes.byteOffset + start + 2, end - start - 2)
  return { code, reason: reason.toString('utf8'), problem: null }
}
