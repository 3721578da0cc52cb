// Readiness on top of node:net, for machines without epoll or Node without node:ffi. Node reads and writes by itself;
// this holds what came until it is read, stops Node at a limit, and calls that a descriptor. The numbers are its own.

import { createServer, Socket } from 'node:net'
import type { ListenOptions, Server } from 'node:net'
import type { LineAddress } from './address.ts'
import { listenError } from './address.ts'
import { ByteQueue } from './byte-queue.ts'
import { DescriptorTable } from './descriptor-table.ts'
import { AGAIN, Errno, errnoOf, READ, WRITE } from './flags.ts'
import type { Kernel, OnReady } from './kernel.ts'
import { onProcessSignal } from './process-signal.ts'
import { ReadySet } from './ready-set.ts'
import type { Watchable } from './ready-set.ts'

/** Like the buffers of a socket: so much is held unread before Node stops reading, and unsent before AGAIN. */
const HELD_BYTES = 65_536
const lineOptions = { allowHalfOpen: true, highWaterMark: HELD_BYTES }

export class NetKernel implements Kernel {
  readonly backend = 'net'
  readonly #descriptors = new DescriptorTable<NetDescriptor>()
  readonly #ready = new ReadySet<NetDescriptor>()
  #wake: (() => void) | null = null
  #immediate: NodeJS.Immediate | null = null

  // --- Listening and connecting

  listen(at: LineAddress, backlog: number): Promise<number> {
    const server = createServer({
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: true,
      highWaterMark: HELD_BYTES,
    })
    const where: ListenOptions = 'path' in at ? { path: at.path } : { ...at }
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        reject(listenError(error.code ?? error.message, at))
      })
      server.listen({ ...where, backlog }, () => {
        // What fails from here on concerns single lines, which come or do not.
        server.removeAllListeners('error').on('error', () => {})
        const { fd } = this.#descriptors.add(
          (number) => new NetListener(number, server, backlog, this.#changed),
        )
        resolve(fd)
      })
    })
  }

  accept(fd: number): number {
    const listener = this.#descriptors.get(fd) as NetListener
    const socket = listener.waiting.shift()
    return socket === undefined ? AGAIN : this.#addLine(socket, true)
  }

  connect(to: LineAddress): number {
    const socket = new Socket(lineOptions).setNoDelay(true)
    const fd = this.#addLine(socket, false)
    if ('path' in to) socket.connect(to.path)
    else socket.connect(to.port, to.host)
    return fd
  }

  adopt(fd: number): number {
    try {
      return this.#addLine(new Socket({ ...lineOptions, fd }), true)
    } catch (error) {
      return errnoOf(error)
    }
  }

  #addLine(socket: Socket, isConnected: boolean): number {
    const make = (fd: number): NetLine => new NetLine(fd, socket, isConnected, this.#changed)
    return this.#descriptors.add(make).fd
  }

  localAddress(fd: number): LineAddress {
    return this.#descriptors.get(fd).localAddress
  }

  remoteAddress(fd: number): LineAddress {
    return this.#descriptors.get(fd).remoteAddress
  }

  // --- Readiness

  arm(fd: number, interest: number): number {
    this.#ready.arm(this.#descriptors.get(fd), interest)
    this.#wakeSoon()
    return 0
  }

  disarm(fd: number): void {
    this.#ready.disarm(this.#descriptors.get(fd))
  }

  poll(onReady: OnReady): number {
    return this.#ready.collect(onReady)
  }

  readonly #changed = (descriptor: NetDescriptor, changed: number): void => {
    if (this.#ready.mark(descriptor, changed)) this.#wakeSoon()
  }

  /** Behind everything that this turn of Node's loop brings. */
  #wakeSoon(): void {
    if (this.#wake === null || this.#immediate !== null || this.#ready.isEmpty) return
    this.#immediate = setImmediate(() => {
      this.#immediate = null
      this.#wake?.()
      // Level-triggered: what is still ready is told again.
      this.#wakeSoon()
    })
  }

  // --- Bytes

  read(fd: number, target: Uint8Array): number {
    return this.#descriptors.get(fd).read(target)
  }

  write(fd: number, bytes: Uint8Array): number {
    return this.#descriptors.get(fd).write(bytes)
  }

  takeError(fd: number): number {
    return this.#descriptors.get(fd).takeError()
  }

  endWriting(fd: number): void {
    this.#descriptors.get(fd).endWriting()
  }

  close(fd: number): void {
    const descriptor = this.#descriptors.get(fd)
    this.#ready.disarm(descriptor)
    this.#descriptors.delete(fd)
    descriptor.close()
  }

  // --- Node's loop

  wakeBy(wake: (() => void) | null): void {
    this.#wake = wake
    if (wake !== null) this.#wakeSoon()
    else if (this.#immediate !== null) {
      clearImmediate(this.#immediate)
      this.#immediate = null
    }
  }

  /** Sockets and servers of Node's keep the process alive by themselves. */
  setReferenced(_isReferenced: boolean): void {}

  onSignal(name: NodeJS.Signals, f: () => void): () => void {
    return onProcessSignal(name, f)
  }

  release(): void {
    this.wakeBy(null)
  }
}

type OnChanged = (descriptor: NetDescriptor, changed: number) => void

abstract class NetDescriptor implements Watchable {
  readonly fd: number
  interest = 0

  constructor(fd: number) {
    this.fd = fd
  }

  abstract readonly readyFor: number
  abstract readonly localAddress: LineAddress
  abstract readonly remoteAddress: LineAddress
  abstract read(target: Uint8Array): number
  abstract write(bytes: Uint8Array): number
  abstract takeError(): number
  abstract endWriting(): void
  abstract close(): void
}

class NetListener extends NetDescriptor {
  readonly waiting: Socket[] = []
  readonly #server: Server

  constructor(fd: number, server: Server, backlog: number, onChanged: OnChanged) {
    super(fd)
    this.#server = server
    server.on('connection', (socket) => {
      // Node accepts whatever comes; a kernel would leave it at the door.
      if (this.waiting.length >= backlog) socket.destroy()
      else this.waiting.push(socket)
      onChanged(this, READ)
    })
  }

  get readyFor(): number {
    return this.waiting.length > 0 ? READ : 0
  }

  get localAddress(): LineAddress {
    const address = this.#server.address()
    if (typeof address === 'string') return { path: address }
    return address === null ? { path: '' } : { host: address.address, port: address.port }
  }

  get remoteAddress(): LineAddress {
    return { path: '' }
  }

  read(): number {
    return Errno.EINVAL
  }

  write(): number {
    return Errno.EINVAL
  }

  takeError(): number {
    return 0
  }

  endWriting(): void {}

  close(): void {
    for (const socket of this.waiting.splice(0)) socket.destroy()
    this.#server.close()
  }
}

class NetLine extends NetDescriptor {
  readonly #socket: Socket
  readonly #held = new ByteQueue()
  #isConnected: boolean
  #isEnded = false
  #hasEndedWriting = false
  #error = 0

  constructor(fd: number, socket: Socket, isConnected: boolean, onChanged: OnChanged) {
    super(fd)
    this.#socket = socket
    this.#isConnected = isConnected
    socket.on('connect', () => {
      this.#isConnected = true
      onChanged(this, WRITE)
    })
    socket.on('data', (bytes: Buffer) => {
      this.#held.append(bytes)
      if (this.#held.length >= HELD_BYTES) socket.pause()
      onChanged(this, READ)
    })
    socket.on('drain', () => onChanged(this, WRITE))
    socket.on('end', () => {
      this.#isEnded = true
      onChanged(this, READ)
    })
    socket.on('error', (error) => {
      this.#error = errnoOf(error)
      onChanged(this, READ | WRITE)
    })
    socket.on('close', () => {
      this.#isEnded = true
      onChanged(this, READ | WRITE)
    })
    if (isConnected) socket.resume()
  }

  get readyFor(): number {
    if (this.#error !== 0 || this.#socket.destroyed) return READ | WRITE
    const canRead = this.#held.length > 0 || this.#isEnded
    return (canRead ? READ : 0) | (this.#isConnected && this.#room > 0 ? WRITE : 0)
  }

  get #room(): number {
    return this.#socket.writableNeedDrain ? 0 : HELD_BYTES - this.#socket.writableLength
  }

  get localAddress(): LineAddress {
    const { localAddress: host, localPort: port } = this.#socket
    return host === undefined || port === undefined ? { path: '' } : { host: plain(host), port }
  }

  get remoteAddress(): LineAddress {
    const { remoteAddress: host, remotePort: port } = this.#socket
    return host === undefined || port === undefined ? { path: '' } : { host: plain(host), port }
  }

  read(target: Uint8Array): number {
    if (this.#held.length > 0) {
      const count = this.#held.read(target)
      if (this.#socket.isPaused() && this.#held.length < HELD_BYTES / 2) this.#socket.resume()
      return count
    }
    if (this.#error !== 0) return this.takeError()
    return this.#isEnded ? 0 : AGAIN
  }

  write(bytes: Uint8Array): number {
    if (this.#error !== 0) return this.takeError()
    if (this.#hasEndedWriting || this.#socket.destroyed) return Errno.EPIPE
    const count = Math.min(bytes.length, this.#isConnected ? this.#room : 0)
    if (count <= 0) return AGAIN
    // A copy: the caller's bytes are its own again when this returns.
    this.#socket.write(new Uint8Array(bytes.subarray(0, count)))
    return count
  }

  takeError(): number {
    const error = this.#error
    this.#error = 0
    return error
  }

  endWriting(): void {
    this.#hasEndedWriting = true
    this.#socket.end()
  }

  close(): void {
    // What comes from now on is nobody's, and must not stop the end from being seen.
    this.#held.clear()
    this.#socket.removeAllListeners('data').resume()
    this.#socket.destroySoon()
  }
}

/** IPv4-mapped IPv6 as IPv4, like the other backends have it. */
function plain(host: string): string {
  return host.startsWith('::ffff:') && host.includes('.') ? host.slice(7) : host
}
