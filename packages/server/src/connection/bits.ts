// What is yes or no about a connection, and its state, in one small integer: a field of its own for each would
// cost every idle line eight bytes.

export const Bit = {
  /** Bits 0 and 1: OPENING, OPEN, CLOSING, CLOSED. */
  STATE: 3,
  PAUSED_BY_USER: 1 << 2,
  PAUSED_BY_MODEL: 1 << 3,
  /** Nothing that still comes matters: the other side closed, or broke the rules. */
  DEAF: 1 << 4,
  PING_UNANSWERED: 1 << 5,
  /** A flush at the end of this turn is scheduled. */
  FLUSH_SCHEDULED: 1 << 6,
  /** `send` said 'queued'; `drain` is owed. */
  WANTS_DRAIN: 1 << 7,
  /** The sending direction ends behind what waits. */
  IS_ENDING: 1 << 8,
  HAS_ENDED: 1 << 9,
  /** One more than the connection's slot in the timing wheel. */
  WHEEL_SLOT: 0x3ff << 10,
  /** Its replies of this turn are not taken yet: what follows them waits for the next. */
  PAUSED_BY_FLOW: 1 << 20,
} as const

/** Where the slot begins. */
export const WHEEL_SHIFT = 10
