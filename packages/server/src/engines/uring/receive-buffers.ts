// Memory that the kernel puts received bytes into, shared by all lines (io_uring_register(2), buffer rings): a line
// that is idle owns no buffer. Where the kernel can (6.12), a buffer is filled piece by piece by whoever receives.

import { wideMemory } from '../../protocol/wide-memory.ts'
import { errnoName } from './errno.ts'
import { Native } from './ffi.ts'
import type { Address, MappedMemory } from './ffi.ts'
import { RingUnavailable } from './ring.ts'
import type { Ring } from './ring.ts'

const REGISTER_PBUF_RING = 22
const UNREGISTER_PBUF_RING = 23
const PBUF_RING_INC = 2
const CQE_F_BUF_MORE = 1 << 4
/** Where the 16-bit tail of the ring lies: in the last field of its first entry. */
const TAIL_INDEX = 7

export interface ReceiveBuffersOptions {
  readonly group?: number
  /** The most that is in use at once, in bytes; resident only as far as it is used. */
  readonly maxBytes?: number
  /** False: as on kernels without incremental buffers. For tests. */
  readonly incremental?: boolean
  /** Memory to receive into; by default wide memory. It must not move. */
  readonly memory?: ArrayBuffer
}

const DEFAULT_BYTES = 8 * 1_048_576
/** Filled by several receptions one after the other. */
const INCREMENTAL_BYTES = 524_288
/** Filled by one reception, whatever it brings. */
const SINGLE_BYTES = 8_192
/** Buffers that are lent to the kernel at first, in bytes: few enough to stay in the processor's cache. */
const FIRST_BYTES = 1_048_576

export class ReceiveBuffers {
  /** All buffers, one behind the other. */
  readonly bytes: Buffer
  readonly isIncremental: boolean
  /** Bytes of one buffer. */
  readonly size: number
  readonly group: number
  readonly #native: Native
  readonly #ring: Ring
  readonly #base: Address
  readonly #entryMemory: MappedMemory
  readonly #entries: Int32Array
  readonly #entries16: Uint16Array
  readonly #capacity: number
  readonly #firstCount: number
  /** How much of each buffer has been filled. */
  readonly #filled: Int32Array
  /** Buffers that the kernel does not have. */
  readonly #kept: number[] = []
  /** Buffers in use by the kernel or being read. */
  #lentCount = 0
  /** Above it a buffer that comes back is kept. */
  #mostLent = 0
  #tail = 0
  #wantsMore = false
  #isClosed = false

  /** @throws RingUnavailable */
  constructor(ring: Ring, options: ReceiveBuffersOptions = {}, native: Native = Native.get()) {
    const { group = 0, maxBytes = DEFAULT_BYTES, incremental = true } = options
    this.#native = native
    this.#ring = ring
    this.group = group
    const memory = options.memory ?? wideMemory(maxBytes)
    this.bytes = Buffer.from(memory, 0, maxBytes)
    this.#base = native.addressOf(memory)
    // As many entries as the smaller buffers would need; the kernel wants a power of two.
    const entryCount = powerOfTwoFrom(Math.ceil(maxBytes / SINGLE_BYTES))
    this.#entryMemory = native.mapAnonymous(entryCount * 16)
    this.#entries = new Int32Array(this.#entryMemory.buffer)
    this.#entries16 = new Uint16Array(this.#entryMemory.buffer)
    this.isIncremental = incremental && this.#register(entryCount, PBUF_RING_INC) === 0
    if (!this.isIncremental) {
      const result = this.#register(entryCount, 0)
      if (result < 0) {
        this.#entryMemory.release()
        throw new RingUnavailable(`the kernel takes no buffer ring: ${errnoName(-result)}`)
      }
    }
    this.size = Math.min(this.isIncremental ? INCREMENTAL_BYTES : SINGLE_BYTES, maxBytes)
    this.#capacity = Math.floor(maxBytes / this.size)
    this.#firstCount = Math.min(this.#capacity, Math.ceil(FIRST_BYTES / this.size))
    this.#filled = new Int32Array(this.#capacity)
    for (let id = this.#capacity - 1; id >= 0; id--) this.#kept.push(id)
    this.#lend(this.#firstCount)
    this.publish()
  }

  /** Buffers lent to the kernel now; grows with what arrives at once. */
  get lentCount(): number {
    return this.#lentCount
  }

  #register(entryCount: number, flags: number): number {
    // struct io_uring_buf_reg: ring_addr, ring_entries, bgid, flags
    const argument = Buffer.allocUnsafeSlow(128).fill(0)
    argument.writeBigUInt64LE(BigInt(this.#entryMemory.address), 0)
    argument.writeUInt32LE(entryCount, 8)
    argument.writeUInt16LE(this.group, 12)
    argument.writeUInt16LE(flags, 14)
    return this.#ring.register(REGISTER_PBUF_RING, argument, 1)
  }

  /** Where the bytes of a completion begin in `bytes`. Its flags name the buffer. */
  startOf(flags: number): number {
    const id = flags >>> 16
    return id * this.size + this.#filled[id]!
  }

  /** The bytes of this completion have been read and are not needed any more. */
  done(flags: number, length: number): void {
    const id = flags >>> 16
    if ((flags & CQE_F_BUF_MORE) !== 0) {
      this.#filled[id] = this.#filled[id]! + length
      return
    }
    this.#filled[id] = 0
    if (this.#lentCount > this.#mostLent) this.#keep(id)
    else this.#give(id)
  }

  /** The kernel found no buffer: lends more at the next `publish`, as far as there are. */
  exhausted(): void {
    this.#wantsMore = true
  }

  /** Makes what was given back known to the kernel. Once a batch. */
  publish(): void {
    if (this.#wantsMore) {
      this.#wantsMore = false
      this.#lend(this.#lentCount)
    }
    // The 16-bit tail, and in its other half the kernel's reserved field of the same entry.
    this.#entries16[TAIL_INDEX] = this.#tail
  }

  /** Memory of a burst is given back: from now on the kernel has as few buffers as at first. */
  shrink(): void {
    this.#mostLent = this.#firstCount
  }

  #give(id: number): void {
    const address = this.#base + id * this.size
    const i = (this.#tail & (this.#entries.length / 4 - 1)) << 2
    this.#entries[i] = address | 0
    this.#entries[i + 1] = (address / 0x1_0000_0000) | 0
    this.#entries[i + 2] = this.size
    this.#entries16[(i << 1) + 6] = id
    this.#tail = (this.#tail + 1) & 0xffff
  }

  #keep(id: number): void {
    this.#lentCount--
    this.#kept.push(id)
    this.#native.discard(this.#base + id * this.size, this.size)
  }

  #lend(count: number): void {
    this.#mostLent = Math.min(this.#lentCount + count, this.#capacity)
    for (let i = 0; i < count; i++) {
      const id = this.#kept.pop()
      if (id === undefined) return
      this.#lentCount++
      this.#give(id)
    }
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const argument = Buffer.allocUnsafeSlow(128).fill(0)
    argument.writeUInt16LE(this.group, 12)
    this.#ring.register(UNREGISTER_PBUF_RING, argument, 1)
    this.#entryMemory.release()
  }
}

function powerOfTwoFrom(count: number): number {
  return 2 ** Math.ceil(Math.log2(count))
}
