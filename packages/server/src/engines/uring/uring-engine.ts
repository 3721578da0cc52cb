// The engine on io_uring: what TCP lines bring and take goes through one ring, without a system call or a buffer of
// its own for each. Plain HTTP, and whatever is unusual about a request, is node:http's, on the same port.

import { Server as NetServer } from 'node:net'
import type { Socket } from 'node:net'
import type {
  Acceptance,
  Acceptor,
  Engine,
  ListenAddress,
  ListenOptions,
  Listener,
} from '../../connection/engine.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import { acceptWaiting } from '../http/accept-waiting.ts'
import type { Listening } from '../http/accept-waiting.ts'
import { HttpFront } from '../http/http-front.ts'
import { bind } from '../http/listen.ts'
import { Doorway } from './doorway.ts'
import type { DoorwayCore } from './doorway.ts'
import { Native } from './ffi.ts'
import { Lines } from './lines.ts'
import type { LinesOptions } from './lines.ts'
import { generationOf, Kind, kindOf } from './operations.ts'
import { PeerAddresses } from './peer-address.ts'
import { Reactor, reportUncaught } from './reactor.ts'
import { ReceiveBuffers } from './receive-buffers.ts'
import type { ReceiveBuffersOptions } from './receive-buffers.ts'
import type { CompletionSink, RingOptions } from './ring.ts'
import { UringClock } from './uring-clock.ts'

/** Nothing of it is for programs: tests provoke with it what the kernel does rarely. */
export interface UringEngineOptions {
  readonly ring?: RingOptions
  readonly buffers?: ReceiveBuffersOptions
  readonly lines?: LinesOptions
}

export class UringEngine implements Engine {
  readonly name = 'uring'
  readonly clock: UringClock = new UringClock()
  readonly #options: UringEngineOptions
  #core: Core | null = null

  constructor(options: UringEngineOptions = {}) {
    this.#options = options
  }

  /** @throws HoldlineError ERR_LISTEN_*, ERR_ENGINE_UNAVAILABLE, ERR_OPTION_INVALID */
  async listen(options: ListenOptions, acceptor: Acceptor): Promise<Listener> {
    if (options.tls !== undefined) {
      throw new HoldlineError('ERR_ENGINE_UNAVAILABLE', "tls needs the engine 'node'")
    }
    const core = this.#open()
    const front = new HttpFront(options, acceptor, core.adopt)
    try {
      const bound = isPeekable(options) ? await boundDescriptor(core.native, options) : null
      return bound !== null
        ? this.#listenInRing(core, bound, options, acceptor, front)
        : await this.#listenInFront(core, options, front)
    } catch (error) {
      await this.#left(core)
      throw error
    }
  }

  trim(): void {
    this.#core?.buffers.shrink()
  }

  #open(): Core {
    try {
      this.#core ??= new Core(this.#options)
    } catch (error) {
      const { message } = error as Error
      throw new HoldlineError('ERR_ENGINE_UNAVAILABLE', message, { cause: error })
    }
    this.#core.listenerCount++
    this.clock.reactor = this.#core.reactor
    return this.#core
  }

  async #left(core: Core): Promise<void> {
    if (--core.listenerCount > 0) return
    this.#core = null
    this.clock.reactor = null
    await core.close()
  }

  /** Lines come in through the ring. */
  #listenInRing(
    core: Core,
    { fd, address }: BoundDescriptor,
    options: ListenOptions,
    acceptor: Acceptor,
    front: HttpFront,
  ): Listener {
    const readsForwardedFor = (options.proxy?.trusted.length ?? 0) > 0
    const doorway = core.openDoorway(fd, acceptor, front, readsForwardedFor)
    front.started()
    return {
      address,
      retire: () => acceptWaiting(waitingAt(doorway)).then(() => doorway.stop()),
      stopAccepting: () => {
        void doorway.stop()
        front.stopAccepting()
      },
      close: async (graceMs = 0) => {
        const stopped = doorway.stop()
        doorway.cut()
        await front.close(graceMs)
        await stopped
        await this.#left(core)
      },
    }
  }

  /** Lines come in through node:net, which has what peeking cannot do, and move to the ring when they are upgraded. */
  async #listenInFront(core: Core, options: ListenOptions, front: HttpFront): Promise<Listener> {
    const { listening } = front
    const address = await bind(listening, options)
    return {
      address,
      retire: async () => {
        await acceptWaiting(listening)
        NetServer.prototype.close.call(listening)
      },
      stopAccepting: () => front.stopAccepting(),
      close: async (graceMs = 0) => {
        await front.close(graceMs)
        await this.#left(core)
      },
    }
  }
}

/** A Unix socket's file is libuv's to look after, and PROXY headers come before the request. */
function isPeekable(options: ListenOptions): boolean {
  return options.path === undefined && options.proxy?.proxyProtocol !== true
}

interface BoundDescriptor {
  readonly fd: number
  readonly address: ListenAddress
}

/**
 * Node binds, with its names, options and errors; the descriptor is then the ring's. null where there is none: in a
 * worker of node:cluster whose primary accepts for it.
 */
async function boundDescriptor(
  native: Native,
  options: ListenOptions,
): Promise<BoundDescriptor | null> {
  const server = new NetServer()
  const address = await bind(server, options)
  // No turn of the loop has passed since it listens: it has accepted nothing.
  const { fd: own } = (server as unknown as { _handle: { fd?: number } })._handle
  if (own === undefined || own < 0) {
    await new Promise((resolve) => server.close(resolve))
    return null
  }
  const fd = native.duplicate(own)
  server.close()
  if (fd < 0) throw new HoldlineError('ERR_LISTEN_FAILED', 'no descriptor is left')
  // Accepted sockets inherit it.
  const IPPROTO_TCP = 6
  const TCP_NODELAY = 1
  native.setSocketOption(fd, IPPROTO_TCP, TCP_NODELAY, 1)
  return { fd, address }
}

function waitingAt(doorway: Doorway): Listening {
  return {
    get listening() {
      return doorway.isListening
    },
    on: (_event, onLine) => {
      doorway.onLine = onLine
    },
    off: () => {
      doorway.onLine = null
    },
  }
}

/** One reactor and what stands on it; shared by the listeners of an engine. */
class Core implements DoorwayCore, CompletionSink {
  readonly native: Native = Native.get()
  readonly reactor: Reactor
  readonly buffers: ReceiveBuffers
  readonly lines: Lines
  readonly addresses: PeerAddresses = new PeerAddresses(this.native)
  listenerCount = 0
  readonly #doorways: Doorway[] = []
  #whenEmpty: (() => void) | null = null

  constructor(options: UringEngineOptions) {
    this.reactor = new Reactor(options.ring)
    this.buffers = new ReceiveBuffers(this.reactor.ring, options.buffers)
    this.lines = new Lines(this.reactor, this.native, this.buffers, options.lines)
    this.lines.onGone = () => {
      if (this.#whenEmpty !== null && this.lines.slots.count === 0) this.#whenEmpty()
    }
    this.reactor.drainTo(this, () => this.lines.behindBatch())
  }

  openDoorway(
    fd: number,
    acceptor: Acceptor,
    front: HttpFront,
    readsForwardedFor: boolean,
  ): Doorway {
    const doorway = new Doorway(this, this.#doorways.length, fd, acceptor, front, readsForwardedFor)
    this.#doorways.push(doorway)
    return doorway
  }

  /** A line of node:http whose upgrade was accepted moves to the ring. */
  readonly adopt = (acceptance: Acceptance, socket: Socket, head: Buffer): void => {
    const own = (socket as unknown as { _handle: { fd: number } | null })._handle?.fd ?? -1
    const fd = own < 0 ? own : this.native.duplicate(own)
    if (fd < 0) {
      acceptance.abandon()
      socket.destroy()
      return
    }
    const pieces = [head]
    for (let chunk = read(socket); chunk !== null; chunk = read(socket)) pieces.push(chunk)
    socket.destroy()
    const slot = this.lines.slots.take(fd, nobody)
    const connection = acceptance.connect(this.lines, slot)
    for (const piece of pieces) {
      // Received bytes are unmasked in place: not in memory that others share.
      if (piece.length > 0) connection.receive(Buffer.from(piece), 0, piece.length)
    }
    this.lines.start(slot, connection)
  }

  complete(low: number, high: number, result: number, flags: number): void {
    try {
      switch (kindOf(high)) {
        case Kind.RECEIVE:
          this.lines.received(low, generationOf(high), result, flags)
          break
        case Kind.SEND:
          this.lines.sent(low, generationOf(high), result)
          break
        case Kind.CLOSE:
        case Kind.OTHER:
          this.lines.completed(low, generationOf(high))
          break
        case Kind.ACCEPT:
          this.#doorways[low]!.accepted(result, flags)
          break
        case Kind.PEEK:
          Doorway.peeked(this, low, result, flags)
          break
      }
    } catch (error) {
      reportUncaught(error)
    }
  }

  async close(): Promise<void> {
    for (const [slot] of this.lines.slots.entries()) this.lines.destroy(slot)
    if (this.lines.slots.count > 0) {
      await new Promise<void>((resolve) => (this.#whenEmpty = resolve))
    }
    this.buffers.close()
    await this.reactor.close()
  }
}

const nobody = { receive() {}, bytesWritten() {}, ended() {}, transportClosed() {} }

function read(socket: Socket): Buffer | null {
  return socket.readableLength === 0 ? null : (socket.read() as Buffer | null)
}
