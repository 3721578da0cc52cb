// What few connections need, and few need for long: built when it is, so that an idle line does not carry it.

import { CloseCode } from '../protocol/close-code.ts'
import type { MessageInflater } from '../protocol/parser.ts'
import type { MessageDeflater } from './outgoing.ts'
import type { RateLimit } from './rate-limit.ts'

export class RareState {
  /** Bytes received and not parsed, because the connection was paused. */
  held: Uint8Array | null = null
  /** What `close` of the behavior will be told. */
  closeCode: number = CloseCode.ABNORMAL
  closeReason = ''
  /** When the close sequence began, on the wheel's clock. */
  closingSinceMs = 0
  /** The payload of the last ping that could not be answered yet. */
  pendingPong: Uint8Array | null = null
  /** Pings since a write is under way: the first few are answered in their place, of the others the last. */
  pendingPings = 0
  rate: RateLimit | null = null
  /** When the last message came, on the wheel's clock; where idleMs is set. */
  lastMessageMs = 0
  /** Where permessage-deflate was agreed upon. */
  inflater: MessageInflater | null = null
  deflater: MessageDeflater | null = null
  /** Where one was agreed upon. */
  subprotocol = ''
}
