// Readiness as Linux has it: epoll through node:ffi. Its descriptor can itself be watched, which is how Node's loop
// wakes this one (epoll(7), Questions and answers, Q3).

import { unlinkSync } from 'node:fs'
import type { LineAddress } from './address.ts'
import { listenError } from './address.ts'
import { AGAIN, EDGE, Errno, errnoName, ONESHOT, READ, WRITE } from './flags.ts'
import type { Kernel, OnReady } from './kernel.ts'
import { Native } from './native.ts'
import type { WatchedByNode } from './native.ts'
import { onProcessSignal } from './process-signal.ts'
import { AF_INET6, AF_UNIX, decodeAddress, encodeAddress, familyOf } from './socket-address.ts'

const EPOLL_CTL_ADD = 1
const EPOLL_CTL_DEL = 2
const EPOLL_CTL_MOD = 3
const EPOLLIN = 1
const EPOLLOUT = 4
const EPOLLERR = 8
const EPOLLHUP = 16
const EPOLLONESHOT = 1 << 30
const EPOLLET = 1 << 31

const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_ERROR = 4
const IPPROTO_TCP = 6
const TCP_NODELAY = 1
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26

/** Events that one turn takes from the kernel; the rest waits, and Node's other work has its turn. */
const MOST_EVENTS = 512
/** Words of a `struct epoll_event`, which is packed on x64 only. The descriptor is its first word of data. */
const EVENT_WORDS = process.arch === 'x64' ? 3 : 4
const FD_WORD = process.arch === 'x64' ? 1 : 2

export class EpollKernel implements Kernel {
  readonly backend = 'epoll'
  readonly #native: Native = Native.get()
  readonly #epoll: number
  readonly #event = new Int32Array(32)
  readonly #events = new Int32Array(MOST_EVENTS * EVENT_WORDS)
  readonly #name = Buffer.allocUnsafeSlow(128)
  readonly #watched: WatchedByNode
  #wake: (() => void) | null = null
  /** What each descriptor is watched for in the kernel, and whether the kernel knows it. */
  #interests = new Uint8Array(64)
  /** Of connections that failed at once, to be told like any other. */
  readonly #failed = new Map<number, number>()
  readonly #listeningPaths = new Map<number, string>()

  /** @throws Error where `whyNoEpoll` gives a reason, or the process has no descriptor left */
  constructor() {
    this.#epoll = this.#native.epollCreate()
    if (this.#epoll < 0) throw new Error(`epoll_create1: ${errnoName(this.#epoll)}`)
    try {
      this.#watched = this.#native.watchByNode(this.#epoll, () => this.#wake?.())
    } catch (error) {
      this.#native.close(this.#epoll)
      throw error
    }
    this.#watched.setReferenced(false)
  }

  // --- Listening and connecting

  listen(at: LineAddress, backlog: number): Promise<number> {
    return new Promise((resolve) => resolve(this.#listen(at, backlog)))
  }

  #listen(at: LineAddress, backlog: number): number {
    const native = this.#native
    const family = familyOf(at)
    const fd = native.socket(family)
    if (fd < 0) throw listenError(errnoName(fd), at)
    if (family !== AF_UNIX) native.setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1)
    if (family === AF_INET6) native.setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0)
    let failed = native.bind(fd, encodeAddress(at))
    if (failed === 0) failed = native.listen(fd, backlog)
    if (failed < 0) {
      native.close(fd)
      throw listenError(errnoName(failed), at)
    }
    if ('path' in at) this.#listeningPaths.set(fd, at.path)
    return fd
  }

  accept(fd: number): number {
    const line = this.#native.accept(fd)
    if (line >= 0) this.#native.setOption(line, IPPROTO_TCP, TCP_NODELAY, 1)
    return line
  }

  connect(to: LineAddress): number {
    const native = this.#native
    const fd = native.socket(familyOf(to))
    if (fd < 0) return fd
    if (!('path' in to)) native.setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1)
    const failed = native.connect(fd, encodeAddress(to))
    // An unconnected socket is ready for epoll (HUP), but knows of no error.
    if (failed < 0 && failed !== Errno.EINPROGRESS) this.#failed.set(fd, failed)
    return fd
  }

  adopt(fd: number): number {
    const failed = this.#native.setNonBlocking(fd)
    if (failed < 0) return failed
    // Asked now, so that a regular file is refused here and not when it is watched.
    const refused = this.#control(EPOLL_CTL_ADD, fd, EPOLLONESHOT)
    if (refused < 0) return refused
    this.#control(EPOLL_CTL_DEL, fd, 0)
    return fd
  }

  localAddress(fd: number): LineAddress {
    return decodeAddress(this.#name, this.#native.localName(fd, this.#name))
  }

  remoteAddress(fd: number): LineAddress {
    return decodeAddress(this.#name, this.#native.remoteName(fd, this.#name))
  }

  // --- Readiness

  arm(fd: number, interest: number): number {
    const isKnown = fd < this.#interests.length && this.#interests[fd] !== 0
    const events =
      ((interest & READ) !== 0 ? EPOLLIN : 0) |
      ((interest & WRITE) !== 0 ? EPOLLOUT : 0) |
      ((interest & EDGE) !== 0 ? EPOLLET : 0) |
      ((interest & ONESHOT) !== 0 ? EPOLLONESHOT : 0)
    const result = this.#control(isKnown ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, events)
    if (result === 0) this.#remember(fd, interest)
    return result
  }

  disarm(fd: number): void {
    if (fd >= this.#interests.length || this.#interests[fd] === 0) return
    this.#interests[fd] = 0
    this.#control(EPOLL_CTL_DEL, fd, 0)
  }

  #control(operation: number, fd: number, events: number): number {
    this.#event[0] = events
    this.#event[FD_WORD] = fd
    return this.#native.epollControl(this.#epoll, operation, fd, this.#event)
  }

  #remember(fd: number, interest: number): void {
    if (fd >= this.#interests.length) {
      const larger = new Uint8Array(Math.max(fd + 1, this.#interests.length * 2))
      larger.set(this.#interests)
      this.#interests = larger
    }
    this.#interests[fd] = interest
  }

  poll(onReady: OnReady): number {
    const events = this.#events
    const count = this.#native.epollPoll(this.#epoll, events, MOST_EVENTS)
    let told = 0
    for (let i = 0, at = 0; i < count; i++, at += EVENT_WORDS) {
      const happened = events[at]!
      const fd = events[at + FD_WORD]!
      let what = ((happened & EPOLLIN) !== 0 ? READ : 0) | ((happened & EPOLLOUT) !== 0 ? WRITE : 0)
      // An error or a hang-up comes unasked; reading and writing say which.
      if ((happened & (EPOLLERR | EPOLLHUP)) !== 0) what = READ | WRITE
      what &= this.#interests[fd]!
      if (what === 0) continue
      told++
      onReady(fd, what)
    }
    return told
  }

  // --- Bytes

  read(fd: number, target: Uint8Array): number {
    return this.#failed.size > 0 && this.#failed.has(fd)
      ? this.takeError(fd)
      : this.#native.read(fd, target)
  }

  write(fd: number, bytes: Uint8Array): number {
    if (this.#failed.size > 0 && this.#failed.has(fd)) return this.takeError(fd)
    const count = this.#native.write(fd, bytes)
    // A line that is not connected yet is like one that is full.
    return count === Errno.ENOTCONN ? this.#whyNotConnected(fd) : count
  }

  #whyNotConnected(fd: number): number {
    const failed = this.takeError(fd)
    return failed === 0 ? AGAIN : failed
  }

  takeError(fd: number): number {
    const failed = this.#failed.get(fd)
    if (failed !== undefined) {
      this.#failed.delete(fd)
      return failed
    }
    const errno = this.#native.getOption(fd, SOL_SOCKET, SO_ERROR)
    return errno > 0 ? -errno : 0
  }

  endWriting(fd: number): void {
    this.#native.endWriting(fd)
  }

  close(fd: number): void {
    // Not left to the end of the file: another process may hold it open (epoll(7), Q6).
    this.disarm(fd)
    this.#failed.delete(fd)
    this.#native.close(fd)
    const path = this.#listeningPaths.get(fd)
    if (path === undefined) return
    this.#listeningPaths.delete(fd)
    try {
      unlinkSync(path)
    } catch {
      // Gone already.
    }
  }

  // --- Node's loop

  wakeBy(wake: (() => void) | null): void {
    if ((wake === null) !== (this.#wake === null)) this.#watched.setWatching(wake !== null)
    this.#wake = wake
  }

  setReferenced(isReferenced: boolean): void {
    this.#watched.setReferenced(isReferenced)
  }

  onSignal(name: NodeJS.Signals, f: () => void): () => void {
    return onProcessSignal(name, f)
  }

  release(): void {
    this.#wake = null
    this.#watched.close()
    this.#native.close(this.#epoll)
  }
}
