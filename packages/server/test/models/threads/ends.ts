// Both ends of a way between a thread and a loop, in one thread: whoever would wait gives up instead.
import { LoopEnd } from '../../../src/models/threads/loop-end.ts'
import { ThreadEnd } from '../../../src/models/threads/thread-end.ts'
import { allocateThreadMemory } from '../../../src/models/threads/thread-memory.ts'

export interface Ends {
  readonly loop: LoopEnd
  readonly thread: ThreadEnd
  /** What the loop got. */
  readonly got: [kind: number, payload: string | Uint8Array][]
  readonly counts: { calls: number; rooms: number }
  /** The loop takes no more behind the parcel of this number. */
  holdAt: number
}

export function endsOf(ringBytes: number): Ends {
  const memory = allocateThreadMemory(ringBytes)
  const counts = { calls: 0, rooms: 0 }
  const ends: Ends = {
    got: [],
    counts,
    holdAt: Infinity,
    loop: new LoopEnd(memory, {
      parcel: (kind, payload) => ends.got.push([kind, payload]) < ends.holdAt,
      room: () => void counts.rooms++,
    }),
    thread: new ThreadEnd(memory, () => void counts.calls++),
  }
  return ends
}
