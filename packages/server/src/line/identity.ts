// Who is on a line: what a program's `identify` is asked and answers, and where a token can stand in a handshake.

import type { UpgradeRequest } from '../connection/upgrade-request.ts'
import type { TopicIdentity } from '../topics/topic-options.ts'

export interface LineIdentity extends TopicIdentity {
  /** When the token ends, in milliseconds since 1970; the line is closed then. Default: never. */
  readonly expiresAtMs?: number
  /** When it was issued. Without it, a revocation of the identity counts for every token, later ones too. */
  readonly issuedAtMs?: number
  /** What the tokens of one sign-in have in common, so that it can be revoked. */
  readonly session?: string
  /** Of this very token, so that it can be revoked. */
  readonly tokenId?: string
}

/** What is to be judged. */
export interface Identification {
  readonly token: string
  readonly request: UpgradeRequest
}

/**
 * Says whose token it is; null: it is not valid here. A HoldlineError of ERR_TOKEN_INVALID or ERR_TOKEN_EXPIRED says why;
 * any other throw means that it could not be found out, and the line is closed with 1013.
 */
export type Identify = (asked: Identification) => LineIdentity | null | Promise<LineIdentity | null>

/** Longer tokens are not looked at. */
export const MAX_TOKEN_LENGTH = 8_192

const TOKEN_SUBPROTOCOL = 'holdline.token.'

/**
 * The token of a handshake: `Authorization: Bearer …`, else the offered subprotocol `holdline.token.<base64url>`, else the
 * cookie of that name. Never the query, which ends in logs. null: there is none; '' where it cannot be read.
 */
export function tokenOf(request: UpgradeRequest, cookie: string | null): string | null {
  const bearer = /^bearer +(.*)$/i.exec(request.header('authorization') ?? '')
  if (bearer !== null) return bearer[1]!.trim()
  for (const offered of (request.header('sec-websocket-protocol') ?? '').split(',')) {
    const name = offered.trim()
    if (!name.startsWith(TOKEN_SUBPROTOCOL)) continue
    const text = name.slice(TOKEN_SUBPROTOCOL.length)
    return Buffer.from(text, 'base64url').toString('utf8')
  }
  if (cookie === null) return null
  return request.cookies[cookie] ?? null
}
