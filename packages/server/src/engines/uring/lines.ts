// The lines of a reactor: receiving, sending, pausing, ending. Bytes go to the owner of a line and come from it;
// what they mean is the owner's business. The state of a line is its slot's columns.

import type { Piece, Slab } from '../../connection/slab.ts'
import type { Transport } from '../../connection/transport.ts'
import type { Native } from './ffi.ts'
import {
  CANCEL_ALL_OF_FD,
  CQE_F_BUFFER,
  CQE_F_MORE,
  Errno,
  Kind,
  MSG_MORE,
  MSG_NOSIGNAL,
  MSG_WAITALL,
  Operation,
  tagOf,
} from './operations.ts'
import type { Reactor } from './reactor.ts'
import type { ReceiveBuffers } from './receive-buffers.ts'
import { LineBit, Slots } from './slots.ts'

/** Who has a line. HeldConnection is one; none of these may throw. */
export interface LineOwner {
  receive(bytes: Uint8Array, start: number, end: number): void
  bytesWritten(): void
  ended(): void
  transportClosed(): void
}

export interface LinesOptions {
  /** False: a short send is told, as by kernels that do not go on by themselves. For tests. */
  readonly waitAll?: boolean
}

/** What is to be sent is passed on before so much of it has gathered that it falls out of the processor's cache. */
const CACHED_BYTES = 131_072

const NOT_TO_RECEIVE =
  LineBit.PAUSED | LineBit.CLOSING | LineBit.RECEIVING | LineBit.READ_ENDED | LineBit.READ_END_HELD

export class Lines implements Transport {
  readonly slots: Slots<LineOwner> = new Slots<LineOwner>()
  readonly #reactor: Reactor
  readonly #native: Native
  readonly #buffers: ReceiveBuffers
  readonly #sendFlags: number
  /** Further pieces of the writes that have several. */
  readonly #pieces = new Map<number, { readonly pieces: readonly Piece[]; next: number }>()
  /** Bytes of sends that the kernel has not been given yet. */
  #unsentBytes = 0
  /** Lines whose reception ended for want of a buffer. */
  #starved: number[] = []
  /** Lines whose owner is to be told that the other side has ended. */
  #endsToTell: number[] = []
  /** Called when a line is gone, behind `transportClosed`. */
  onGone: () => void = () => {}

  constructor(
    reactor: Reactor,
    native: Native,
    buffers: ReceiveBuffers,
    options: LinesOptions = {},
  ) {
    this.#reactor = reactor
    this.#native = native
    this.#buffers = buffers
    this.#sendFlags = MSG_NOSIGNAL | (options.waitAll === false ? 0 : MSG_WAITALL)
  }

  // --- What the doorway calls

  /** Gives a line to its owner and begins to receive. */
  start(slot: number, owner: LineOwner): void {
    this.slots.owners[slot] = owner
    if ((this.slots.bits[slot]! & NOT_TO_RECEIVE) === 0) this.#receive(slot)
  }

  // --- Transport

  write(slot: number, slab: Slab, start: number, end: number): boolean {
    const { slots } = this
    const bits = slots.bits[slot]!
    if ((bits & LineBit.CLOSING) !== 0) return true
    slots.bits[slot] = bits | LineBit.SENDING
    this.#send(slot, slab, start, end, this.#sendFlags)
    return false
  }

  writeAll(slot: number, pieces: readonly Piece[]): boolean {
    const { slots } = this
    if ((slots.bits[slot]! & LineBit.CLOSING) !== 0) return true
    slots.bits[slot] = slots.bits[slot]! | LineBit.SENDING
    this.#pieces.set(slot, { pieces, next: 1 })
    const { slab, start, end } = pieces[0]!
    this.#send(slot, slab, start, end, this.#sendFlags | MSG_MORE)
    return false
  }

  pause(slot: number): void {
    // Nothing is cancelled before something comes: mostly the line runs again before.
    this.slots.bits[slot] = this.slots.bits[slot]! | LineBit.PAUSED
  }

  resume(slot: number): void {
    const { slots } = this
    const bits = slots.bits[slot]!
    if ((bits & LineBit.PAUSED) === 0) return
    slots.bits[slot] = bits & ~LineBit.PAUSED
    if ((bits & LineBit.CLOSING) !== 0) return
    if ((bits & LineBit.READ_END_HELD) !== 0) {
      this.#endsToTell.push(slot)
      if (this.#endsToTell.length === 1) this.#reactor.atTurnEnd(this.#tellEnds)
    } else if ((bits & (LineBit.RECEIVING | LineBit.READ_ENDED)) === 0) this.#receive(slot)
  }

  end(slot: number): void {
    const { slots } = this
    const bits = slots.bits[slot]!
    if ((bits & (LineBit.CLOSING | LineBit.WRITE_ENDED)) !== 0) return
    slots.bits[slot] = bits | LineBit.WRITE_ENDED
    // Not in the ring: there it runs in a thread of the kernel's, which looks the descriptor up only then, when it
    // may have been closed and given to another line.
    this.#native.endSending(slots.fd[slot]!)
    if ((bits & LineBit.READ_ENDED) !== 0) this.destroy(slot)
  }

  destroy(slot: number): void {
    const { slots } = this
    const bits = slots.bits[slot]!
    if ((bits & LineBit.CLOSING) !== 0) return
    slots.bits[slot] = bits | LineBit.CLOSING
    if ((bits & (LineBit.RECEIVING | LineBit.SENDING)) !== 0) {
      this.#submit(slot, Operation.ASYNC_CANCEL, 0, 0, CANCEL_ALL_OF_FD, Kind.OTHER)
    }
    this.#submit(slot, Operation.CLOSE, 0, 0, 0, Kind.CLOSE)
  }

  // --- What completes

  /** Of a reception. */
  received(slot: number, generation: number, result: number, flags: number): void {
    const { slots } = this
    if (slots.generation[slot] !== generation) {
      if ((flags & CQE_F_BUFFER) !== 0) this.#buffers.done(flags, result)
      return
    }
    let bits = slots.bits[slot]!
    const goesOn = (flags & CQE_F_MORE) !== 0
    if (!goesOn) {
      bits &= ~(LineBit.RECEIVING | LineBit.CANCELLING)
      slots.bits[slot] = bits
      slots.underWay[slot] = slots.underWay[slot]! - 1
    }
    if (result > 0) {
      if ((bits & LineBit.CLOSING) === 0) this.#deliver(slot, result, flags)
      this.#buffers.done(flags, result)
    } else if ((bits & LineBit.CLOSING) === 0) this.#receptionEnded(slot, result)
    bits = slots.bits[slot]!
    if ((bits & LineBit.CLOSING) !== 0) {
      if (!goesOn) this.#settle(slot)
    } else if (!goesOn) {
      if (result > 0 && (bits & LineBit.PAUSED) === 0) this.#receive(slot)
    } else if ((bits & (LineBit.PAUSED | LineBit.CANCELLING)) === LineBit.PAUSED) {
      this.#cancelReception(slot)
    }
  }

  #deliver(slot: number, length: number, flags: number): void {
    const { slots } = this
    let start = this.#buffers.startOf(flags)
    const end = start + length
    const skip = slots.skip[slot]!
    if (skip > 0) {
      const skipped = Math.min(skip, length)
      slots.skip[slot] = skip - skipped
      start += skipped
      if (start === end) return
    }
    slots.owners[slot]!.receive(this.#buffers.bytes, start, end)
  }

  /** A reception that brought no bytes, and will bring none. */
  #receptionEnded(slot: number, result: number): void {
    if (result === 0) {
      if ((this.slots.bits[slot]! & LineBit.PAUSED) === 0) this.#tellEnd(slot)
      else this.slots.bits[slot] = this.slots.bits[slot]! | LineBit.READ_END_HELD
    } else if (result === -Errno.ENOBUFS) {
      this.#buffers.exhausted()
      this.#starved.push(slot)
    } else if (result === -Errno.ECANCELED) {
      // Paused, and perhaps running again since.
      if ((this.slots.bits[slot]! & LineBit.PAUSED) === 0) this.#receive(slot)
    } else if (result === -Errno.EINTR || result === -Errno.EAGAIN) this.#receive(slot)
    else this.destroy(slot)
  }

  #tellEnd(slot: number): void {
    const { slots } = this
    slots.bits[slot] = (slots.bits[slot]! | LineBit.READ_ENDED) & ~LineBit.READ_END_HELD
    slots.owners[slot]!.ended()
    // The owner may have ended the other direction just now.
    const bits = slots.bits.at(slot)!
    if ((bits & LineBit.WRITE_ENDED) !== 0) this.destroy(slot)
  }

  readonly #tellEnds = (): void => {
    const slots = this.#endsToTell
    this.#endsToTell = []
    for (const slot of slots) {
      const bits = this.slots.bits[slot]!
      // It may be gone by now, or paused once more.
      const isToTell = bits & (LineBit.READ_END_HELD | LineBit.PAUSED | LineBit.CLOSING)
      if (isToTell === LineBit.READ_END_HELD) this.#tellEnd(slot)
    }
  }

  /** Of a send. */
  sent(slot: number, generation: number, result: number): void {
    const { slots } = this
    if (slots.generation[slot] !== generation) return
    slots.underWay[slot] = slots.underWay[slot]! - 1
    if ((slots.bits[slot]! & LineBit.CLOSING) !== 0) {
      this.#settle(slot)
      return
    }
    const left = slots.sendLeft[slot]! - Math.max(result, 0)
    if (left > 0) {
      if (result <= 0 && result !== -Errno.EAGAIN && result !== -Errno.EINTR) {
        this.destroy(slot)
        return
      }
      // Short: the rest at once; nothing else may come in between.
      slots.sendAddress[slot] = slots.sendAddress[slot]! + Math.max(result, 0)
      slots.sendLeft[slot] = left
      this.#sendRest(slot, this.#sendFlags)
      return
    }
    if (this.#pieces.size > 0 && this.#sendNextPiece(slot)) return
    slots.bits[slot] = slots.bits[slot]! & ~LineBit.SENDING
    slots.owners[slot]!.bytesWritten()
  }

  #sendNextPiece(slot: number): boolean {
    const write = this.#pieces.get(slot)
    if (write === undefined) return false
    const { slab, start, end } = write.pieces[write.next++]!
    const isLast = write.next === write.pieces.length
    if (isLast) this.#pieces.delete(slot)
    this.#send(slot, slab, start, end, isLast ? this.#sendFlags : this.#sendFlags | MSG_MORE)
    return true
  }

  /** Of the closing of a line, of its end, or of a cancellation: they only count. */
  completed(slot: number, generation: number): void {
    if (this.slots.generation[slot] !== generation) return
    this.slots.underWay[slot] = this.slots.underWay[slot]! - 1
    if ((this.slots.bits[slot]! & LineBit.CLOSING) !== 0) this.#settle(slot)
  }

  /** Behind each batch: buffers are back, and whoever found none tries again. */
  behindBatch(): void {
    this.#unsentBytes = 0
    this.#buffers.publish()
    if (this.#starved.length === 0) return
    const starved = this.#starved
    this.#starved = []
    for (const slot of starved) {
      if ((this.slots.bits[slot]! & NOT_TO_RECEIVE) === 0) this.#receive(slot)
    }
  }

  // --- Inside

  /** A line that is being dropped is gone when nothing is under way on it. */
  #settle(slot: number): void {
    if (this.slots.underWay[slot] !== 0) return
    const owner = this.slots.owners[slot]!
    this.#pieces.delete(slot)
    this.slots.release(slot)
    owner.transportClosed()
    this.onGone()
  }

  #receive(slot: number): void {
    const { slots } = this
    slots.bits[slot] = slots.bits[slot]! | LineBit.RECEIVING
    this.#submit(slot, Operation.RECEIVE_MULTISHOT, 0, 0, 0, Kind.RECEIVE, this.#buffers.group)
  }

  #cancelReception(slot: number): void {
    const { slots } = this
    slots.bits[slot] = slots.bits[slot]! | LineBit.CANCELLING
    const generation = slots.generation[slot]!
    slots.underWay[slot] = slots.underWay[slot]! + 1
    // What is cancelled is named by its user data, in the place of the address.
    const target = tagOf(Kind.RECEIVE, generation) * 0x1_0000_0000 + slot
    const tag = tagOf(Kind.OTHER, generation)
    this.#reactor.ring.submit(Operation.ASYNC_CANCEL, -1, target, 0, 0, slot, tag)
    this.#reactor.soon()
  }

  #send(slot: number, slab: Slab, start: number, end: number, flags: number): void {
    const { slots } = this
    if (slab.address === 0) slab.address = this.#native.addressOf(slab.bytes.buffer as ArrayBuffer)
    slots.sendAddress[slot] = slab.address + start
    slots.sendLeft[slot] = end - start
    this.#sendRest(slot, flags)
  }

  #sendRest(slot: number, flags: number): void {
    const { slots } = this
    slots.underWay[slot] = slots.underWay[slot]! + 1
    this.#reactor.ring.submit(
      Operation.SEND,
      slots.fd[slot]!,
      slots.sendAddress[slot]!,
      slots.sendLeft[slot]!,
      flags,
      slot,
      tagOf(Kind.SEND, slots.generation[slot]!),
    )
    this.#unsentBytes += slots.sendLeft[slot]!
    if (this.#unsentBytes >= CACHED_BYTES) {
      this.#unsentBytes = 0
      this.#reactor.ring.passOn()
    }
    this.#reactor.soon()
  }

  #submit(
    slot: number,
    operation: number,
    address: number,
    length: number,
    flags: number,
    kind: number,
    bufferGroup: number = 0,
  ): void {
    const { slots } = this
    slots.underWay[slot] = slots.underWay[slot]! + 1
    const tag = tagOf(kind, slots.generation[slot]!)
    const { ring } = this.#reactor
    ring.submit(operation, slots.fd[slot]!, address, length, flags, slot, tag, bufferGroup)
    this.#reactor.soon()
  }
}
