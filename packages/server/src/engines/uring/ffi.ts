// The FFI surface: every call into libc and libuv that this engine makes. The only file in which a wrong argument
// can corrupt memory; everything else gets numbers, typed arrays and functions from here.

import type * as FfiModule from 'node:ffi'
import { nodeFfi, whyNoFfi as whyNoNodeFfi } from '../../native/node-ffi.ts'
import type { Ffi } from '../../native/node-ffi.ts'
import { systemError } from './errno.ts'

/** An address as one number: user space has 47 bits of it, a double holds 53. */
export type Address = number

/** What a call into the kernel gives: a result, or the negated errno. */
export type SystemResult = number

// Numbers of system calls, the same on every architecture (include/uapi/asm-generic/unistd.h).
const IO_URING_SETUP = 425
const IO_URING_ENTER = 426
const IO_URING_REGISTER = 427

const PROT_READ_WRITE = 3
const MAP_SHARED_POPULATE = 0x8001
const MAP_PRIVATE_ANONYMOUS = 0x22
const MAP_FAILED = 0xffff_ffff_ffff_ffffn
const EFD_NONBLOCK_CLOEXEC = 0x80800
const F_DUPFD_CLOEXEC = 1030
const UV_READABLE = 1
const EPOLL_CTL_MOD = 3
const FIONREAD = 0x541bn
const EPOLLIN_EDGE_TRIGGERED = 0x8000_0001 | 0

/** What libuv keeps of a poll handle; 160 bytes in libuv 1.5x. It is never moved and never given back, only reused. */
const POLL_HANDLE_BYTES = 512

/** Memory of this process outside of JavaScript's heap: it stays where it is until `release`. */
export interface MappedMemory {
  readonly address: Address
  readonly buffer: ArrayBuffer
  /** Gives the memory back. Views of it become empty: a late access reads nothing and harms nothing. */
  release(): void
}

/** A descriptor that libuv watches for this engine. */
export interface PollHandle {
  /** From now on the callback comes once for each signal, without the descriptor being read. True where that works. */
  becomeEdgeTriggered(): boolean
  /** Whether the event loop stays alive for it. */
  setReferenced(isReferenced: boolean): void
  close(): void
}

/** Why this engine's calls cannot be made here; null when they can. */
export function whyNoFfi(): string | null {
  return whyNoNodeFfi('io_uring', '26.1')
}

export class Native {
  readonly #ffi: Ffi
  readonly #functions: ReturnType<typeof functionsOf>
  /** The thread's errno: valid until the next call. */
  readonly #errno: Int32Array
  #pollHandles: bigint[] = []
  readonly #peerName: Buffer = Buffer.allocUnsafeSlow(128)
  readonly #peerNameLength: Int32Array = new Int32Array(32)
  // Asked for once: that costs as much as the call.
  readonly #peerNameAddress: bigint
  readonly #peerNameLengthAddress: bigint

  static #ofThread: Native | null = null

  /** @throws Error where `whyNoFfi` gives a reason */
  static get(): Native {
    this.#ofThread ??= new Native()
    return this.#ofThread
  }

  private constructor() {
    const reason = whyNoFfi()
    if (reason !== null) throw new Error(reason)
    this.#ffi = nodeFfi()!
    this.#functions = functionsOf(this.#ffi)
    const address = this.#functions.errnoLocation()
    this.#errno = new Int32Array(this.#ffi.toArrayBuffer(address, 4, false))
    this.#peerNameAddress = this.#ffi.getRawPointer(this.#peerName)
    this.#peerNameLengthAddress = this.#ffi.getRawPointer(this.#peerNameLength)
  }

  // --- io_uring

  ringSetup(entries: number, params: Uint8Array): SystemResult {
    const address = this.#ffi.getRawPointer(stays(params))
    return this.#result(this.#functions.ringSetup(IO_URING_SETUP, entries, address))
  }

  ringRegister(
    fd: number,
    opcode: number,
    argument: Uint8Array | null,
    count: number,
  ): SystemResult {
    const address = argument === null ? 0n : this.#ffi.getRawPointer(stays(argument))
    const { ringRegister } = this.#functions
    return this.#result(ringRegister(IO_URING_REGISTER, fd, opcode, address, count))
  }

  /** 32-bit arguments only: this is the call that every batch makes. */
  ringEnter(fd: number, submitCount: number, minComplete: number, flags: number): SystemResult {
    const { ringEnter } = this.#functions
    const result = ringEnter(IO_URING_ENTER, fd, submitCount, minComplete, flags, 0, 0)
    return result < 0 ? -this.#errno[0]! : result
  }

  // --- Memory

  /** @throws Error with `code` where the kernel refuses */
  mapRing(fd: number, offset: number, bytes: number): MappedMemory {
    return this.#map(bytes, MAP_SHARED_POPULATE, fd, offset)
  }

  /** Zeroed memory. @throws Error with `code` where the kernel refuses */
  mapAnonymous(bytes: number): MappedMemory {
    return this.#map(bytes, MAP_PRIVATE_ANONYMOUS, -1, 0)
  }

  #map(bytes: number, flags: number, fd: number, offset: number): MappedMemory {
    const { mmap, munmap } = this.#functions
    const size = BigInt(bytes)
    const address = mmap(0n, size, PROT_READ_WRITE, flags, fd, BigInt(offset))
    if (address === MAP_FAILED) throw systemError('mmap', this.#errno[0]!)
    const buffer = this.#ffi.toArrayBuffer(address, bytes, false)
    let isMapped = true
    return {
      address: Number(address),
      buffer,
      release: () => {
        if (!isMapped) return
        isMapped = false
        // Detached first: nothing in JavaScript can reach the memory any more.
        buffer.transfer(0)
        munmap(address, size)
      },
    }
  }

  /**
   * The address of memory that JavaScript owns. Good for as long as the buffer is referenced: the memory of an
   * ArrayBuffer that was not made by a small typed array (up to 64 bytes) does not move.
   */
  addressOf(buffer: ArrayBuffer): Address {
    return Number(this.#ffi.getRawPointer(buffer))
  }

  /** Lets the kernel take back the pages of `bytes` bytes at a page border; they read as zeros afterwards. */
  discard(address: Address, bytes: number): void {
    this.#functions.madvise(BigInt(address), BigInt(bytes), 4) // MADV_DONTNEED
  }

  // --- Descriptors

  eventFd(): SystemResult {
    return this.#result(this.#functions.eventfd(0, EFD_NONBLOCK_CLOEXEC))
  }

  /** A second descriptor for the same file, closed on exec. */
  duplicate(fd: number): SystemResult {
    return this.#result(this.#functions.fcntl(fd, F_DUPFD_CLOEXEC, 3))
  }

  /** Two descriptors, each the other's far end; both the negated errno where the kernel has none left. */
  socketPair(): readonly [SystemResult, SystemResult] {
    const pair = Buffer.allocUnsafeSlow(128)
    const AF_UNIX = 1
    const SOCK_STREAM_CLOEXEC = 1 | 0x80000
    const { socketpair } = this.#functions
    const address = this.#ffi.getRawPointer(pair)
    const result = this.#result(socketpair(AF_UNIX, SOCK_STREAM_CLOEXEC, 0, address))
    return result < 0 ? [result, result] : [pair.readInt32LE(0), pair.readInt32LE(4)]
  }

  close(fd: number): SystemResult {
    return this.#result(this.#functions.close(fd))
  }

  /** Ends the sending direction of a socket (FIN, behind what was sent). */
  endSending(fd: number): SystemResult {
    const SHUT_WR = 1
    return this.#result(this.#functions.shutdown(fd, SHUT_WR))
  }

  read(fd: number, target: Uint8Array): SystemResult {
    const address = this.#ffi.getRawPointer(stays(target))
    return this.#result(this.#functions.read(fd, address, target.length))
  }

  setSocketOption(fd: number, level: number, name: number, value: number): SystemResult {
    const argument = Buffer.allocUnsafeSlow(128)
    argument.writeInt32LE(value)
    const address = this.#ffi.getRawPointer(argument)
    return this.#result(this.#functions.setsockopt(fd, level, name, address, 4))
  }

  /** The address of the other side, a sockaddr, in memory that the next call overwrites; null where there is none. */
  peerName(fd: number): Buffer | null {
    this.#peerNameLength[0] = 128
    const { getpeername } = this.#functions
    const failed = getpeername(fd, this.#peerNameAddress, this.#peerNameLengthAddress)
    return failed === 0 ? this.#peerName : null
  }

  /** What has happened on a descriptor, of `events` (poll(2)), without waiting; -1 where that cannot be told. */
  pollNow(fd: number, events: number): number {
    const argument = Buffer.allocUnsafeSlow(128).fill(0)
    argument.writeInt32LE(fd, 0)
    argument.writeInt16LE(events, 4)
    const result = this.#functions.poll(this.#ffi.getRawPointer(argument), 1n, 0)
    return result < 0 ? -1 : argument.readInt16LE(6)
  }

  /** Bytes that have been received on a socket and not read; -1 where that cannot be told. */
  unreadBytes(fd: number): number {
    const argument = Buffer.allocUnsafeSlow(128).fill(0)
    const result = this.#functions.ioctl(fd, FIONREAD, this.#ffi.getRawPointer(argument))
    return result < 0 ? -1 : argument.readInt32LE(0)
  }

  // --- libuv

  /**
   * Calls `onReadable` from Node's event loop whenever `fd` can be read. The callback must not throw: an exception
   * that leaves it ends the process.
   */
  watch(fd: number, onReadable: () => void): PollHandle {
    const functions = this.#functions
    const loop = this.#ffi.getCurrentEventLoop()
    const handle = this.#pollHandles.pop() ?? this.#newPollHandle()
    const callback = functions.callbacks.registerCallback(
      { arguments: [], return: 'void' },
      onReadable,
    )
    let isOpen = true
    const failed =
      functions.pollInit(loop, handle, fd) || functions.pollStart(handle, UV_READABLE, callback)
    if (failed) throw systemError('uv_poll_start', -failed)
    return {
      becomeEdgeTriggered: () => {
        // `struct epoll_event` as libuv fills it in: packed on x64, aligned elsewhere.
        const event = Buffer.allocUnsafeSlow(128).fill(0)
        event.writeInt32LE(EPOLLIN_EDGE_TRIGGERED)
        event.writeInt32LE(fd, process.arch === 'x64' ? 4 : 8)
        const address = this.#ffi.getRawPointer(event)
        const backend = functions.backendFd(loop)
        return functions.epollCtl(backend, EPOLL_CTL_MOD, fd, address) === 0
      },
      setReferenced: (isReferenced) => {
        if (isOpen) (isReferenced ? functions.ref : functions.unref)(handle)
      },
      close: () => {
        if (!isOpen) return
        isOpen = false
        functions.uvClose(handle, 0n)
        // libuv lets go of a closing handle at the end of the turn of the loop, after the immediates.
        setImmediate(() =>
          setImmediate(() => {
            functions.callbacks.unregisterCallback(callback)
            this.#pollHandles.push(handle)
          }),
        )
      },
    }
  }

  #newPollHandle(): bigint {
    const page = BigInt(this.mapAnonymous(4_096).address)
    for (let at = POLL_HANDLE_BYTES; at < 4_096; at += POLL_HANDLE_BYTES) {
      this.#pollHandles.push(page + BigInt(at))
    }
    return page
  }

  #result(result: number): SystemResult {
    return result < 0 ? -this.#errno[0]! : result
  }
}

/** A library object keeps one signature for each symbol: `syscall` is needed with three. */
function functionsOf(ffi: Ffi) {
  const library = (): FfiModule.DynamicLibrary => new ffi.DynamicLibrary(null)
  const libc = library()
  const get: typeof libc.getFunction = (name, signature) => libc.getFunction(name, signature)
  const setup = library()
  const register = library()
  const enter = library()
  return {
    libraries: [libc, setup, register, enter],
    callbacks: libc,
    ringSetup: setup.getFunction('syscall', {
      arguments: ['i32', 'i32', 'pointer'],
      return: 'i32',
    }),
    ringRegister: register.getFunction('syscall', {
      arguments: ['i32', 'i32', 'i32', 'pointer', 'i32'],
      return: 'i32',
    }),
    ringEnter: enter.getFunction('syscall', {
      arguments: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
      return: 'i32',
    }),
    errnoLocation: get('__errno_location', { arguments: [], return: 'pointer' }),
    mmap: get('mmap', {
      arguments: ['pointer', 'u64', 'i32', 'i32', 'i32', 'i64'],
      return: 'pointer',
    }),
    munmap: get('munmap', { arguments: ['pointer', 'u64'], return: 'i32' }),
    madvise: get('madvise', { arguments: ['pointer', 'u64', 'i32'], return: 'i32' }),
    eventfd: get('eventfd', { arguments: ['i32', 'i32'], return: 'i32' }),
    fcntl: get('fcntl', { arguments: ['i32', 'i32', 'i32'], return: 'i32' }),
    close: get('close', { arguments: ['i32'], return: 'i32' }),
    read: get('read', { arguments: ['i32', 'pointer', 'i32'], return: 'i32' }),
    socketpair: get('socketpair', { arguments: ['i32', 'i32', 'i32', 'pointer'], return: 'i32' }),
    shutdown: get('shutdown', { arguments: ['i32', 'i32'], return: 'i32' }),
    setsockopt: get('setsockopt', {
      arguments: ['i32', 'i32', 'i32', 'pointer', 'i32'],
      return: 'i32',
    }),
    getpeername: get('getpeername', { arguments: ['i32', 'pointer', 'pointer'], return: 'i32' }),
    poll: get('poll', { arguments: ['pointer', 'u64', 'i32'], return: 'i32' }),
    ioctl: get('ioctl', { arguments: ['i32', 'u64', 'pointer'], return: 'i32' }),
    epollCtl: get('epoll_ctl', { arguments: ['i32', 'i32', 'i32', 'pointer'], return: 'i32' }),
    backendFd: get('uv_backend_fd', { arguments: ['pointer'], return: 'i32' }),
    pollInit: get('uv_poll_init', { arguments: ['pointer', 'pointer', 'i32'], return: 'i32' }),
    pollStart: get('uv_poll_start', { arguments: ['pointer', 'i32', 'pointer'], return: 'i32' }),
    uvClose: get('uv_close', { arguments: ['pointer', 'pointer'], return: 'void' }),
    ref: get('uv_ref', { arguments: ['pointer'], return: 'void' }),
    unref: get('uv_unref', { arguments: ['pointer'], return: 'void' }),
  }
}

/** A typed array of up to 64 bytes may lie in JavaScript's heap and move while the kernel writes to it. */
function stays(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer.byteLength <= 64)
    throw new TypeError('memory for the kernel has more than 64 bytes')
  return bytes
}
