// The one catalogue of refusals: every error that Holdline gives a program, a client or an operator has its
// code here, with what happened and what to do about it. The table in docs/guide/errors.md is made from it.

/** What one refusal means on each of the surfaces where it can appear. */
export interface ErrorEntry {
  /** What happened, as one plain sentence without a full stop. */
  readonly message: string
  /** What the reader can do about it. */
  readonly fix: string
  /** WebSocket close code (RFC 6455 §7.4.1) when the refusal ends a connection. */
  readonly closeCode?: number
  /** HTTP status when the refusal answers a request. */
  readonly status?: number
}

const entries = {
  // Frames (RFC 6455 §5)
  ERR_FRAME_RESERVED_BITS: {
    message: 'A frame has a reserved bit set that no negotiated extension defines',
    fix: 'Send RSV1 only on the first frame of a compressed message, after permessage-deflate was agreed',
    closeCode: 1002,
  },
  ERR_FRAME_OPCODE: {
    message: 'A frame has an opcode that RFC 6455 reserves',
    fix: 'Use opcodes 0, 1, 2, 8, 9 and 10 only',
    closeCode: 1002,
  },
  ERR_FRAME_UNMASKED: {
    message: 'A client sent a frame without a mask',
    fix: 'Mask every frame that a client sends (RFC 6455 §5.1)',
    closeCode: 1002,
  },
  ERR_FRAME_MASKED: {
    message: 'A server sent a masked frame',
    fix: 'Servers send frames without a mask (RFC 6455 §5.1)',
    closeCode: 1002,
  },
  ERR_FRAME_LENGTH_NOT_MINIMAL: {
    message: 'A payload length is not in its shortest form',
    fix: 'Use 7, 16 or 64 bits, whichever is the shortest that fits (RFC 6455 §5.2)',
    closeCode: 1002,
  },
  ERR_FRAME_LENGTH_TOP_BIT: {
    message: 'A 64-bit payload length has its top bit set',
    fix: 'The most significant bit of a 64-bit length is 0 (RFC 6455 §5.2)',
    closeCode: 1002,
  },
  ERR_CONTROL_FRAGMENTED: {
    message: 'A control frame is fragmented',
    fix: 'Send close, ping and pong as one frame with FIN set (RFC 6455 §5.5)',
    closeCode: 1002,
  },
  ERR_CONTROL_TOO_LONG: {
    message: 'A control frame carries more than 125 bytes',
    fix: 'Keep the payload of close, ping and pong within 125 bytes (RFC 6455 §5.5)',
    closeCode: 1002,
  },
  ERR_CONTINUATION_UNEXPECTED: {
    message: 'A continuation frame came where no message was begun',
    fix: 'Begin a message with opcode 1 or 2',
    closeCode: 1002,
  },
  ERR_CONTINUATION_EXPECTED: {
    message: 'A new message began before the last one was finished',
    fix: 'Finish a fragmented message with FIN before the next one starts (RFC 6455 §5.4)',
    closeCode: 1002,
  },
  ERR_CLOSE_PAYLOAD: {
    message: 'A close frame has a payload of one byte',
    fix: 'A close frame is empty or begins with a two-byte code (RFC 6455 §5.5.1)',
    closeCode: 1002,
  },
  ERR_CLOSE_CODE: {
    message: 'A close frame has a code that must not be sent',
    fix: 'Use 1000–1003, 1007–1014 or 3000–4999 (RFC 6455 §7.4)',
    closeCode: 1002,
  },

  // Messages
  ERR_MESSAGE_TOO_BIG: {
    message: 'A message is longer than the route allows',
    fix: 'Send smaller messages, or raise limits.messageBytes on the route',
    closeCode: 1009,
  },
  ERR_MESSAGE_UTF8: {
    message: 'A text message or a close reason is not valid UTF-8',
    fix: 'Send bytes as binary, or encode text as UTF-8 (RFC 6455 §8.1)',
    closeCode: 1007,
  },
  ERR_MESSAGE_DEFLATE: {
    message: 'A compressed message could not be inflated',
    fix: 'Compress as RFC 7692 §7.2.1 says, with the agreed window and context',
    closeCode: 1007,
  },
  ERR_MESSAGE_INCOMPLETE: {
    message: 'A message was begun and not finished in time',
    fix: 'Send the rest of the message sooner, or raise limits.incompleteMessageMs',
    closeCode: 1008,
  },
  ERR_MESSAGE_INVALID: {
    message: 'A message does not match the contract of the route',
    fix: 'Send what the contract describes; the issues name what differs',
  },
  ERR_MESSAGE_OUT_INVALID: {
    message: 'The program tried to send a message that its own contract does not allow',
    fix: 'Make what the handler sends match the out schema of the contract',
    closeCode: 1011,
  },
  ERR_CONTRACT_ASYNC: {
    message: 'A contract uses a schema that validates asynchronously',
    fix: 'Use a synchronous schema; do lookups in the handler, where order is kept',
  },

  // Lines that are held (limits, backpressure, liveness)
  ERR_SLOW_CONSUMER: {
    message: 'The connection does not read as fast as it is sent to, and its buffer is full',
    fix: 'Read faster, send less (heed queued and drain), or raise limits.bufferedBytes',
    closeCode: 1013,
  },
  ERR_PING_FLOOD: {
    message: 'The connection sends pings and does not read the pongs',
    fix: 'Read while sending; ping at most a few times a second',
    closeCode: 1008,
  },
  ERR_MESSAGE_RATE: {
    message: 'The connection sends more messages a second than the route allows',
    fix: 'Send less often, or raise limits.messagesPerSecond',
    closeCode: 1008,
  },
  ERR_BYTE_RATE: {
    message: 'The connection sends more bytes a second than the route allows',
    fix: 'Send less, or raise limits.bytesPerSecond',
    closeCode: 1008,
  },
  ERR_IDLE: {
    message: 'No message passed on the connection for longer than the route allows',
    fix: 'Send something now and then, or raise limits.idleMs',
    closeCode: 1001,
  },
  ERR_KEEPALIVE: {
    message: 'A ping was not answered in time; the other side is taken for gone',
    fix: 'Reconnect; where lines are slow, raise keepalive.timeoutMs',
    closeCode: 1001,
  },
  ERR_HANDLER: {
    message: 'A handler of the route threw or rejected',
    fix: 'See the error that the server reported for this connection',
    closeCode: 1011,
  },
} as const

export type ErrorCode = keyof typeof entries

/** Every code with its entry. */
export const errorCatalogue: Readonly<Record<ErrorCode, ErrorEntry>> = entries

/** An error with a code of the catalogue. `message` holds the sentence, an optional detail, and the fix. */
export class HoldlineError extends Error {
  readonly code: ErrorCode
  /** What this very case was about: a value, a path, a limit. */
  readonly detail: string | undefined

  constructor(code: ErrorCode, detail?: string, options?: ErrorOptions) {
    const entry = errorCatalogue[code]
    super(`${entry.message}${detail === undefined ? '' : `: ${detail}`}. ${entry.fix}.`, options)
    this.name = 'HoldlineError'
    this.code = code
    this.detail = detail
  }

  /** Close code for the wire; 1011 where the entry names none. */
  get closeCode(): number {
    return errorCatalogue[this.code].closeCode ?? 1011
  }

  /** HTTP status; 500 where the entry names none. */
  get status(): number {
    return errorCatalogue[this.code].status ?? 500
  }
}
