// What a thread and the event loop share: a ring each way, and the few words by which they wait for one another.

import { Ring } from './ring.ts'

/** Handed to a thread when it starts. */
export interface ThreadMemory {
  readonly words: SharedArrayBuffer
  /** From the loop to the thread. */
  readonly inbound: SharedArrayBuffer
  readonly outbound: SharedArrayBuffer
}

/** Places in `words`, each in a cache line of its own. */
export const Word = {
  /** Counts what the loop has done; the thread waits for it to change. */
  EVENT: 0,
  /** 1 while the thread waits, or is about to. */
  WAITS: 16,
  /** 1 from when the thread calls the loop until the loop looks. */
  CALLED: 32,
  /** 1 while the loop has a rest to write and wants to be called when there is room. */
  WANTS_ROOM: 48,
  /** 1 when nothing that is sent will arrive any more. */
  ENDED: 64,
} as const

const WORD_COUNT = 80

/** @param ringBytes A power of two. */
export function allocateThreadMemory(ringBytes: number): ThreadMemory {
  return {
    words: new SharedArrayBuffer(WORD_COUNT * 4),
    inbound: Ring.memoryOf(ringBytes),
    outbound: Ring.memoryOf(ringBytes),
  }
}
