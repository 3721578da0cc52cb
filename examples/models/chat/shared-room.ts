// Who is in the room, in memory that all threads share, behind a lock: for the room with a thread for each member.
import { chatBounds, Room } from './room.ts'

const memberCount = 256
/** A length, and a name in UTF-16. */
const slotBytes = 4 + 2 * chatBounds.nameLength
const lockBytes = 8

export const sharedRoomBytes = lockBytes + memberCount * slotBytes

export class SharedRoom {
  readonly #lock: Int32Array
  readonly #memory: SharedArrayBuffer

  constructor(memory: SharedArrayBuffer) {
    this.#memory = memory
    this.#lock = new Int32Array(memory, 0, 1)
  }

  /** Gives a free name, and who is here now. */
  enter(wanted: string): {
    readonly slot: number
    readonly you: string
    readonly people: string[]
  } {
    return this.#alone(() => {
      const room = new Room<number>()
      let slot = -1
      for (let i = 0; i < memberCount; i += 1) {
        const name = this.#read(i)
        if (name !== '') room.enter(i, name)
        else if (slot === -1) slot = i
      }
      const you = room.enter(slot, wanted)
      this.#write(slot, you)
      return { slot, you, people: room.people }
    })
  }

  leave(slot: number): void {
    this.#alone(() => this.#write(slot, ''))
  }

  /** Nobody else is in here meanwhile, in whatever thread. */
  #alone<Result>(f: () => Result): Result {
    while (Atomics.compareExchange(this.#lock, 0, 0, 1) !== 0) Atomics.wait(this.#lock, 0, 1)
    try {
      return f()
    } finally {
      Atomics.store(this.#lock, 0, 0)
      Atomics.notify(this.#lock, 0, 1)
    }
  }

  #units(slot: number): { readonly length: Int32Array; readonly units: Uint16Array } {
    const at = lockBytes + slot * slotBytes
    return {
      length: new Int32Array(this.#memory, at, 1),
      units: new Uint16Array(this.#memory, at + 4, chatBounds.nameLength),
    }
  }

  #read(slot: number): string {
    const { length, units } = this.#units(slot)
    return String.fromCharCode(...units.subarray(0, length[0]))
  }

  #write(slot: number, name: string): void {
    const { length, units } = this.#units(slot)
    length[0] = name.length
    for (let i = 0; i < name.length; i += 1) units[i] = name.charCodeAt(i)
  }
}
