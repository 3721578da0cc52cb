// What is yes or no about a connection, and its state, in one small integer: a field of its own for each would
// cost every idle line eight bytes.

export const Bit = {
  /** Bits 0 and 1: OPENING, OPEN, CLOSING, CLOSED. */
  STATE: 3,
  PAUSED_BY_USER: 4,
  PAUSED_BY_MODEL: 8,
  /** Nothing that still comes matters: the other side closed, or broke the rules. */
  DEAF: 16,
  PING_UNANSWERED: 32,
  /** A flush at the end of this turn is scheduled. */
  FLUSH_SCHEDULED: 64,
  /** `send` said 'queued'; `drain` is owed. */
  WANTS_DRAIN: 128,
  /** The sending direction ends behind what waits. */
  IS_ENDING: 0x100,
  HAS_ENDED: 0x200,
  /** One more than the connection's slot in the timing wheel. */
  WHEEL_SLOT: 0xffc00,
  /** Much of what was sent to it is not taken yet: its messages wait. */
  PAUSED_BY_FLOW: 0x100000,
} as const

/** Where the slot begins. */
export const WHEEL_SHIFT = 10

/** Of a connection, in the bits `STATE`; it only grows. */
export const State = { OPENING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const
export type State = (typeof State)[keyof typeof State]

/** Any of those who may pause a connection. */
export const PAUSED: number = Bit.PAUSED_BY_USER | Bit.PAUSED_BY_MODEL | Bit.PAUSED_BY_FLOW
