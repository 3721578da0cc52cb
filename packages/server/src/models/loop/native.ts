// The calls into libc and libuv of the epoll backend: the only file of the model in which a wrong argument can corrupt
// memory. Everything else gives it numbers and typed arrays, whose memory stays where it is until the call returns.

import type * as FfiModule from 'node:ffi'
import { nodeFfi, whyNoFfi } from '../../native/node-ffi.ts'
import type { Ffi } from '../../native/node-ffi.ts'
import { Errno } from './flags.ts'

/** What a call gives: a result, or the negated errno. */
export type SystemResult = number

/** A descriptor that Node's own loop watches for this one. */
export interface WatchedByNode {
  setWatching(isWatching: boolean): void
  /** Whether Node's loop stays alive for it. */
  setReferenced(isReferenced: boolean): void
  close(): void
}

const UV_READABLE = 1
/** What libuv keeps of a poll handle; 160 bytes in libuv 1.5x. It is never moved or given back, only used again. */
const POLL_HANDLE_BYTES = 512n

/** Why `node:ffi` cannot be used for epoll here; null when it can. */
export function whyNoEpoll(): string | null {
  return whyNoFfi('epoll', '26.6')
}

export class Native {
  readonly #ffi: Ffi
  readonly #functions: ReturnType<typeof functionsOf>
  /** The thread's errno: valid until the next call. */
  readonly #errno: Int32Array
  readonly #pollHandles: bigint[] = []
  readonly #int = new Int32Array(32)
  readonly #length = new Int32Array(32)

  static #ofThread: Native | null = null

  /** @throws Error where `whyNoEpoll` gives a reason */
  static get(): Native {
    this.#ofThread ??= new Native()
    return this.#ofThread
  }

  private constructor() {
    const reason = whyNoEpoll()
    if (reason !== null) throw new Error(reason)
    this.#ffi = nodeFfi()!
    this.#functions = functionsOf(this.#ffi)
    const address = this.#functions.errnoLocation()
    this.#errno = new Int32Array(this.#ffi.toArrayBuffer(address, 4, false))
  }

  // --- epoll

  epollCreate(): SystemResult {
    const EPOLL_CLOEXEC = 0x80000
    return this.#result(this.#functions.epollCreate(EPOLL_CLOEXEC))
  }

  epollControl(epoll: number, operation: number, fd: number, event: Int32Array): SystemResult {
    return this.#result(this.#functions.epollControl(epoll, operation, fd, event))
  }

  /** What is ready now, without waiting. */
  epollPoll(epoll: number, events: Int32Array, most: number): SystemResult {
    return this.#result(this.#functions.epollWait(epoll, events, most, 0))
  }

  // --- Lines

  socket(family: number): SystemResult {
    return this.#result(this.#functions.socket(family, SOCK_STREAM_NONBLOCK_CLOEXEC, 0))
  }

  bind(fd: number, address: Uint8Array): SystemResult {
    return this.#result(this.#functions.bind(fd, address, address.length))
  }

  listen(fd: number, backlog: number): SystemResult {
    return this.#result(this.#functions.listen(fd, backlog))
  }

  connect(fd: number, address: Uint8Array): SystemResult {
    return this.#result(this.#functions.connect(fd, address, address.length))
  }

  accept(fd: number): SystemResult {
    return this.#result(this.#functions.accept(fd, 0n, 0n, SOCK_NONBLOCK_CLOEXEC))
  }

  /** The bytes of the address that were written to `target`, or the negated errno. */
  localName(fd: number, target: Uint8Array): SystemResult {
    this.#length[0] = target.length
    const failed = this.#functions.localName(fd, target, this.#length)
    return failed < 0 ? this.#result(failed) : Math.min(this.#length[0], target.length)
  }

  remoteName(fd: number, target: Uint8Array): SystemResult {
    this.#length[0] = target.length
    const failed = this.#functions.remoteName(fd, target, this.#length)
    return failed < 0 ? this.#result(failed) : Math.min(this.#length[0], target.length)
  }

  setOption(fd: number, level: number, name: number, value: number): SystemResult {
    this.#int[0] = value
    return this.#result(this.#functions.setOption(fd, level, name, this.#int, 4))
  }

  /** The value of an option, which must not be negative; or the negated errno. */
  getOption(fd: number, level: number, name: number): SystemResult {
    this.#int[0] = 0
    this.#length[0] = 4
    const failed = this.#functions.getOption(fd, level, name, this.#int, this.#length)
    return failed < 0 ? this.#result(failed) : this.#int[0]
  }

  setNonBlocking(fd: number): SystemResult {
    const F_GETFL = 3
    const F_SETFL = 4
    const O_NONBLOCK = 0x800
    const flags = this.#result(this.#functions.control(fd, F_GETFL, 0))
    return flags < 0
      ? flags
      : this.#result(this.#functions.control(fd, F_SETFL, flags | O_NONBLOCK))
  }

  read(fd: number, target: Uint8Array): SystemResult {
    for (;;) {
      const count = this.#functions.read(fd, target, target.length)
      if (count >= 0) return count
      const errno = -this.#errno[0]!
      if (errno !== Errno.EINTR) return errno
    }
  }

  write(fd: number, bytes: Uint8Array): SystemResult {
    for (;;) {
      const count = this.#functions.write(fd, bytes, bytes.length)
      if (count >= 0) return count
      const errno = -this.#errno[0]!
      if (errno !== Errno.EINTR) return errno
    }
  }

  endWriting(fd: number): SystemResult {
    const SHUT_WR = 1
    return this.#result(this.#functions.shutdown(fd, SHUT_WR))
  }

  close(fd: number): SystemResult {
    return this.#result(this.#functions.close(fd))
  }

  // --- libuv

  /** Calls `onReadable` in each turn of Node's loop in which `fd` can be read. @throws Error */
  watchByNode(fd: number, onReadable: () => void): WatchedByNode {
    const f = this.#functions
    const loop = this.#ffi.getCurrentEventLoop()
    const handle = this.#pollHandles.pop() ?? f.allocate(1n, POLL_HANDLE_BYTES)
    const failed = f.pollInit(loop, handle, fd)
    if (failed !== 0) throw new Error(`uv_poll_init: ${failed}`)
    let isComing = false
    const look = (): void => {
      isComing = false
      if (isOpen) onReadable()
    }
    // In an immediate, which follows at once: of this callback Node knows nothing. Promises would not go on behind it, an
    // exception or a call back into JavaScript from within a tick would end the process.
    const called = (): void => {
      if (isComing) return
      isComing = true
      setImmediate(look)
    }
    const callback = f.callbacks.registerCallback({ arguments: [], return: 'void' }, called)
    let isOpen = true
    return {
      setWatching: (isWatching) => {
        if (!isOpen) return
        if (isWatching) f.pollStart(handle, UV_READABLE, callback)
        else f.pollStop(handle)
      },
      setReferenced: (isReferenced) => {
        if (isOpen) (isReferenced ? f.ref : f.unref)(handle)
      },
      close: () => {
        if (!isOpen) return
        isOpen = false
        f.closeHandle(handle, 0n)
        // libuv lets go of a closing handle at the end of the turn of its loop, behind the immediates.
        setImmediate(() =>
          setImmediate(() => {
            f.callbacks.unregisterCallback(callback)
            this.#pollHandles.push(handle)
          }),
        )
      },
    }
  }

  #result(result: number): SystemResult {
    return result < 0 ? -this.#errno[0]! : result
  }
}

const SOCK_NONBLOCK_CLOEXEC = 0x80800
const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | SOCK_NONBLOCK_CLOEXEC

function functionsOf(ffi: Ffi) {
  const libc = new ffi.DynamicLibrary(null)
  const get: typeof libc.getFunction = (name, signature) => libc.getFunction(name, signature)
  /** Of a function that takes `arguments` and gives an int: what a program calls thousands of times a second. */
  const int = <const A extends readonly FfiModule.ArgumentType[]>(name: string, takes: A) =>
    libc.getFunction(name, { arguments: takes, return: 'i32' })
  return {
    callbacks: libc,
    errnoLocation: get('__errno_location', { arguments: [], return: 'pointer' }),
    allocate: get('calloc', { arguments: ['u64', 'u64'], return: 'pointer' }),
    epollCreate: int('epoll_create1', ['i32']),
    epollControl: int('epoll_ctl', ['i32', 'i32', 'i32', 'buffer']),
    epollWait: int('epoll_wait', ['i32', 'buffer', 'i32', 'i32']),
    socket: int('socket', ['i32', 'i32', 'i32']),
    bind: int('bind', ['i32', 'buffer', 'i32']),
    listen: int('listen', ['i32', 'i32']),
    connect: int('connect', ['i32', 'buffer', 'i32']),
    accept: int('accept4', ['i32', 'pointer', 'pointer', 'i32']),
    localName: int('getsockname', ['i32', 'buffer', 'buffer']),
    remoteName: int('getpeername', ['i32', 'buffer', 'buffer']),
    setOption: int('setsockopt', ['i32', 'i32', 'i32', 'buffer', 'i32']),
    getOption: int('getsockopt', ['i32', 'i32', 'i32', 'buffer', 'buffer']),
    control: int('fcntl', ['i32', 'i32', 'i32']),
    // Lengths fit: a typed array that the loop is given has less than 2 GiB.
    read: int('read', ['i32', 'buffer', 'i32']),
    write: int('write', ['i32', 'buffer', 'i32']),
    shutdown: int('shutdown', ['i32', 'i32']),
    close: int('close', ['i32']),
    pollInit: int('uv_poll_init', ['pointer', 'pointer', 'i32']),
    pollStart: int('uv_poll_start', ['pointer', 'i32', 'pointer']),
    pollStop: int('uv_poll_stop', ['pointer']),
    closeHandle: get('uv_close', { arguments: ['pointer', 'pointer'], return: 'void' }),
    ref: get('uv_ref', { arguments: ['pointer'], return: 'void' }),
    unref: get('uv_unref', { arguments: ['pointer'], return: 'void' }),
  }
}
