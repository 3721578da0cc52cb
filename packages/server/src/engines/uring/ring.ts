// The two queues of io_uring (io_uring_setup(2)): submissions are written and completions read with plain loads and
// stores, and one system call passes a whole batch. Knows nothing of sockets.

import { errnoName } from './errno.ts'
import { Native } from './ffi.ts'
import type { Address, MappedMemory } from './ffi.ts'

// io_uring_setup(2), include/uapi/linux/io_uring.h
const SETUP_CQSIZE = 1 << 3
const SETUP_COOP_TASKRUN = 1 << 8
const SETUP_TASKRUN_FLAG = 1 << 9
const SETUP_SINGLE_ISSUER = 1 << 12
const SETUP_DEFER_TASKRUN = 1 << 13
const SETUP_NO_SQARRAY = 1 << 16
const OFFSET_CQ_RING = 0
const OFFSET_SQES = 0x1000_0000
const ENTER_GETEVENTS = 1
const ENTER_REGISTERED_RING = 1 << 4
const REGISTER_EVENTFD = 4
const REGISTER_RING_FDS = 20
const UNREGISTER_RING_FDS = 21
const SQ_CQ_OVERFLOW = 1 << 1
const SQ_TASKRUN = 1 << 2
const CQ_EVENTFD_DISABLED = 1
const PARAMS_BYTES = 120
/** Words of 32 bits in a submission. */
const SQE_WORDS = 16

const EINTR = -4
const EAGAIN = -11
const EBUSY = -16
const EINVAL = -22

/** The best first. What a kernel does not know it refuses with EINVAL. */
const flagSets: readonly number[] = [
  SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN | SETUP_TASKRUN_FLAG | SETUP_NO_SQARRAY,
  SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN | SETUP_TASKRUN_FLAG,
  SETUP_COOP_TASKRUN | SETUP_TASKRUN_FLAG,
  0,
]

export interface RingOptions {
  /** Submissions that fit between two calls; a power of two. Default 4,096. */
  readonly submissions?: number
  /** Completions that fit before the kernel queues them itself; a power of two. Default 16,384. */
  readonly completions?: number
  /** For tests: stands in for io_uring_setup and the calls that follow. */
  readonly native?: Native
}

/** What the ring calls for each completion. Must not throw. */
export interface CompletionSink {
  complete(low: number, high: number, result: number, flags: number): void
}

/** The ring could not be set up. `message` says why, in words for an operator. */
export class RingUnavailable extends Error {
  override readonly name = 'RingUnavailable'
}

export class Ring {
  readonly #native: Native
  readonly #fd: number
  /** The descriptor to enter with: an index where the ring's own is registered. */
  readonly #enterFd: number
  readonly #enterFlags: number
  readonly #memory: readonly MappedMemory[]
  readonly #ring: Int32Array
  readonly #sqes: Int32Array
  readonly #sqHead: number
  readonly #sqTail: number
  readonly #sqFlags: number
  readonly #sqMask: number
  readonly #cqHead: number
  readonly #cqTail: number
  readonly #cqFlags: number
  readonly #cqMask: number
  readonly #cqes: number
  #tail = 0
  /** Where the kernel has taken submissions up to, as last seen. */
  #taken = 0
  /** Submissions that found the queue full: it was full, and the kernel took nothing. */
  #spilled: Int32Array = new Int32Array(0)
  #spilledCount = 0
  #isClosed = false

  /** @throws RingUnavailable */
  static open(options: RingOptions = {}): Ring {
    const native = options.native ?? Native.get()
    const { submissions = 4_096, completions = 16_384 } = options
    const params = Buffer.allocUnsafeSlow(PARAMS_BYTES)
    let result = EINVAL
    let flags = 0
    for (flags of flagSets) {
      params.fill(0)
      params.writeUInt32LE(completions, 4)
      params.writeUInt32LE(SETUP_CQSIZE | flags, 8)
      result = native.ringSetup(submissions, params)
      if (result !== EINVAL) break
    }
    if (result < 0) throw new RingUnavailable(whyRefused(-result))
    try {
      return new Ring(native, result, params, flags)
    } catch (error) {
      native.close(result)
      throw new RingUnavailable(`the ring cannot be mapped: ${(error as Error).message}`)
    }
  }

  private constructor(native: Native, fd: number, params: Buffer, flags: number) {
    const at = (offset: number): number => params.readUInt32LE(offset)
    const entries = at(0)
    const cqEntries = at(4)
    const sqArray = at(64)
    const hasArray = (flags & SETUP_NO_SQARRAY) === 0
    const ringBytes = Math.max(at(100) + cqEntries * 16, hasArray ? sqArray + entries * 4 : 0)
    const ringMemory = native.mapRing(fd, OFFSET_CQ_RING, (ringBytes + 7) & ~7)
    const sqeMemory = native.mapRing(fd, OFFSET_SQES, entries * SQE_WORDS * 4)
    this.#native = native
    this.#fd = fd
    this.#memory = [ringMemory, sqeMemory]
    this.#ring = new Int32Array(ringMemory.buffer)
    this.#sqes = new Int32Array(sqeMemory.buffer)
    this.#sqHead = at(40) >> 2
    this.#sqTail = at(44) >> 2
    this.#sqFlags = at(56) >> 2
    this.#sqMask = entries - 1
    this.#cqHead = at(80) >> 2
    this.#cqTail = at(84) >> 2
    this.#cqFlags = at(104) >> 2
    this.#cqMask = cqEntries - 1
    this.#cqes = at(100) >> 2
    if (hasArray) for (let i = 0; i < entries; i++) this.#ring[(sqArray >> 2) + i] = i
    const registered = registerRingFd(native, fd)
    this.#enterFd = registered < 0 ? fd : registered
    this.#enterFlags = registered < 0 ? 0 : ENTER_REGISTERED_RING
  }

  /** For `register`: buffers, eventfd. */
  get fd(): number {
    return this.#fd
  }

  /** Submissions that have not been passed to the kernel. */
  get pendingCount(): number {
    return ((this.#tail - this.#taken) | 0) + this.#spilledCount
  }

  /** @returns 0, or the negated errno */
  register(opcode: number, argument: Uint8Array | null, count: number): number {
    return this.#native.ringRegister(this.#fd, opcode, argument, count)
  }

  /** Completions add to this eventfd, unless `muteEvents` is on. */
  signalTo(eventFd: number): void {
    const argument = Buffer.allocUnsafeSlow(128)
    argument.writeInt32LE(eventFd)
    const result = this.register(REGISTER_EVENTFD, argument, 1)
    if (result < 0)
      throw new RingUnavailable(`the kernel signals no eventfd: ${errnoName(-result)}`)
  }

  /** While everything that completes is going to be drained anyway, signals only wake the loop for nothing. */
  muteEvents(isMuted: boolean): void {
    Atomics.store(this.#ring, this.#cqFlags, isMuted ? CQ_EVENTFD_DISABLED : 0)
  }

  /**
   * Writes a submission (io_uring_enter(2)).
   *
   * @param opcode - with the flags of the submission in bits 8–15 and `ioprio` in bits 16–31
   * @param low - of the user data that its completions carry
   * @param bufferGroup - or buf_index; in bits 0–15
   * @param offset - the field `off`, up to 2^53; also `addr2`
   */
  submit(
    opcode: number,
    fd: number,
    address: Address,
    length: number,
    operationFlags: number,
    low: number,
    high: number,
    bufferGroup: number = 0,
    offset: number = 0,
  ): void {
    let sqes = this.#sqes
    let i: number
    if (this.#spilledCount === 0 && this.#hasRoom()) i = (this.#tail++ & this.#sqMask) << 4
    else {
      i = this.#spill()
      sqes = this.#spilled
    }
    sqes[i] = opcode
    sqes[i + 1] = fd
    sqes[i + 2] = offset | 0
    sqes[i + 3] = offset === 0 ? 0 : (offset / 0x1_0000_0000) | 0
    sqes[i + 4] = address | 0
    sqes[i + 5] = (address / 0x1_0000_0000) | 0
    sqes[i + 6] = length
    sqes[i + 7] = operationFlags
    sqes[i + 8] = low
    sqes[i + 9] = high
    sqes[i + 10] = bufferGroup
    sqes[i + 11] = 0
    sqes[i + 12] = 0
    sqes[i + 13] = 0
  }

  /** Passes what is pending to the kernel when the queue is full. False: it takes nothing now. */
  #hasRoom(): boolean {
    if (((this.#tail - this.#taken) | 0) <= this.#sqMask) return true
    this.#enter(0, 0)
    return ((this.#tail - this.#taken) | 0) <= this.#sqMask
  }

  #spill(): number {
    const i = this.#spilledCount++ * SQE_WORDS
    if (i === this.#spilled.length) {
      const grown = new Int32Array(Math.max(i * 2, 64 * SQE_WORDS))
      grown.set(this.#spilled)
      this.#spilled = grown
    }
    return i
  }

  #unspill(): void {
    let moved = 0
    while (moved < this.#spilledCount && ((this.#tail - this.#taken) | 0) <= this.#sqMask) {
      const from = moved++ * SQE_WORDS
      const to = (this.#tail++ & this.#sqMask) << 4
      this.#sqes.set(this.#spilled.subarray(from, from + SQE_WORDS), to)
    }
    this.#spilled.copyWithin(0, moved * SQE_WORDS, this.#spilledCount * SQE_WORDS)
    this.#spilledCount -= moved
    if (this.#spilledCount === 0) this.#spilled = new Int32Array(0)
  }

  /**
   * Passes everything pending to the kernel and lets it post what has completed; waits until `minComplete`
   * completions are there. One system call, more only where the queue was too small.
   */
  enter(minComplete: number = 0): void {
    do {
      if (this.#spilledCount > 0) this.#unspill()
      const before = this.#taken
      const isLast = this.#spilledCount === 0
      if (!this.#enter(isLast ? minComplete : 0, ENTER_GETEVENTS)) return
      if (this.#spilledCount > 0 && this.#taken === before) return
    } while (this.#spilledCount > 0)
  }

  /** Passes what is pending to the kernel now, and asks for no completions. */
  passOn(): void {
    this.#enter(0, 0)
  }

  /** @returns whether the kernel took the call */
  #enter(minComplete: number, flags: number): boolean {
    Atomics.store(this.#ring, this.#sqTail, this.#tail)
    const count = (this.#tail - this.#taken) | 0
    const result = this.#native.ringEnter(
      this.#enterFd,
      count,
      minComplete,
      flags | this.#enterFlags,
    )
    this.#taken = Atomics.load(this.#ring, this.#sqHead)
    if (result >= 0) return true
    // Interrupted, or no memory or room for completions now: what was not taken stays in the queue.
    if (result === EINTR || result === EAGAIN || result === EBUSY) return false
    throw new Error(`io_uring_enter: ${errnoName(-result)}`)
  }

  /** Gives every completion that is there to the sink, in order, and returns how many there were. */
  drain(sink: CompletionSink): number {
    const ring = this.#ring
    const mask = this.#cqMask
    const first = Atomics.load(ring, this.#cqHead)
    const end = Atomics.load(ring, this.#cqTail)
    for (let head = first; head !== end; head = (head + 1) | 0) {
      const i = this.#cqes + ((head & mask) << 2)
      sink.complete(ring[i]!, ring[i + 1]!, ring[i + 2]!, ring[i + 3]!)
    }
    Atomics.store(ring, this.#cqHead, end)
    return (end - first) | 0
  }

  /** Whether `drain` would bring something. */
  get hasCompletions(): boolean {
    return Atomics.load(this.#ring, this.#cqTail) !== Atomics.load(this.#ring, this.#cqHead)
  }

  /**
   * Whether `enter` and `drain` may bring something: completions, or work that posts some. It may also be so for nothing:
   * the kernel says that there is work only behind adding it, when another core may have done it already, and takes that
   * back with the next one. Who repeats both until this is false repeats them for ever.
   */
  get mayHaveMore(): boolean {
    if (this.hasCompletions) return true
    return (Atomics.load(this.#ring, this.#sqFlags) & (SQ_CQ_OVERFLOW | SQ_TASKRUN)) !== 0
  }

  /** Whether the kernel holds completions back because the queue was full. */
  get hasOverflow(): boolean {
    return (Atomics.load(this.#ring, this.#sqFlags) & SQ_CQ_OVERFLOW) !== 0
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#enterFlags !== 0)
      registeredRing(this.#native, this.#fd, UNREGISTER_RING_FDS, this.#enterFd, 0)
    this.#native.close(this.#fd)
    for (const memory of this.#memory) memory.release()
  }
}

/** Saves the kernel looking up the descriptor at each call. Returns the index, or the negated errno. */
function registerRingFd(native: Native, fd: number): number {
  const anyIndex = 0xffff_ffff
  return registeredRing(native, fd, REGISTER_RING_FDS, anyIndex, fd)
}

function registeredRing(
  native: Native,
  fd: number,
  opcode: number,
  index: number,
  data: number,
): number {
  // struct io_uring_rsrc_update: offset, resv, data
  const update = Buffer.allocUnsafeSlow(128).fill(0)
  update.writeUInt32LE(index, 0)
  update.writeUInt32LE(data, 8)
  const result = native.ringRegister(fd, opcode, update, 1)
  if (result === 1) return update.readUInt32LE(0)
  return result < 0 ? result : EINVAL
}

function whyRefused(errno: number): string {
  const name = errnoName(errno)
  if (name === 'EPERM')
    return 'the kernel refuses io_uring (EPERM): seccomp, or kernel.io_uring_disabled'
  if (name === 'ENOSYS') return 'the kernel has no io_uring (ENOSYS)'
  if (name === 'EINVAL')
    return 'the kernel is too old for the flags of io_uring that are needed (EINVAL)'
  if (name === 'ENOMEM') return 'no memory for io_uring may be locked (ENOMEM): raise ulimit -l'
  return `io_uring_setup: ${name}`
}
