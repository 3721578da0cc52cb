// The operations of io_uring that this engine uses (include/uapi/linux/io_uring.h), and how completions are told
// apart: by the upper half of their user data, the kind of the operation and the generation of its slot.

/**
 * With the flags of the submission in bits 8–15 (0x20: a buffer is selected) and `ioprio` in bits 16–31 (1: multishot
 * of accept, 2: of receive).
 */
export const Operation = {
  /** Accepts until it is cancelled or fails. */
  ACCEPT_MULTISHOT: 0x1000d,
  /** Cancels what has the user data given as address. */
  ASYNC_CANCEL: 14,
  CLOSE: 19,
  SEND: 26,
  /** Receives into a buffer of a group, once. */
  RECEIVE_ONCE: 0x201b,
  /** The same until it is cancelled or fails. */
  RECEIVE_MULTISHOT: 0x2201b,
} as const

/** Of a completion: more of the same operation will follow. */
export const CQE_F_MORE = 2
/** Of a completion: it has a buffer of a group. */
export const CQE_F_BUFFER = 1

export const MSG_PEEK = 2
/** The kernel goes on with a short send by itself. */
export const MSG_WAITALL = 0x100
export const MSG_NOSIGNAL = 0x4000
export const MSG_MORE = 0x8000
export const SOCK_CLOEXEC = 0x80000
/** Cancels every operation on a descriptor. */
export const CANCEL_ALL_OF_FD = 3

/** Kind of operation; in the lower 4 bits of the upper half of the user data. */
export const Kind = {
  RECEIVE: 1,
  SEND: 2,
  CLOSE: 3,
  /** Whose completion only counts. */
  OTHER: 4,
  ACCEPT: 5,
  PEEK: 6,
  /** Cancels something of the doorway; the completion is dropped. */
  CANCEL: 7,
} as const

const KIND_BITS = 4

export function tagOf(kind: number, generation: number): number {
  return kind | (generation << KIND_BITS)
}

export function kindOf(high: number): number {
  return high & ((1 << KIND_BITS) - 1)
}

export function generationOf(high: number): number {
  return high >>> KIND_BITS
}

export const Errno = {
  EINTR: 4,
  EAGAIN: 11,
  EMFILE: 24,
  ENFILE: 23,
  EINVAL: 22,
  ENOBUFS: 105,
  ENOMEM: 12,
  ECANCELED: 125,
} as const
