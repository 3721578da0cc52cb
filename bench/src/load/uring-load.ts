// Moves the generator's bytes with io_uring, in a loop of its own: while a play runs, Node's event loop stands
// still, and one system call passes a batch of sends and waits for whatever completes.
import { getSystemErrorName } from 'node:util'
import { ReceiveBuffers, Ring } from 'holdline/uring'
import {
  defaultStallMs,
  repeated,
  type LoadEngine,
  type Play,
  type StableFrame,
} from './load-engine.ts'
import { Opening, type Target } from './opening.ts'
import { KernelCalls } from './kernel-calls.ts'

// io_uring_enter(2), include/uapi/linux/io_uring.h; `ring.ts` has flags in bits 8–15 and ioprio in 16–31.
const OP_TIMEOUT = 11
const OP_ASYNC_CANCEL = 14
const OP_CONNECT = 16
const OP_CLOSE = 19
const OP_SEND = 26
const OP_RECV = 27
const OP_SOCKET = 45
const BUFFER_SELECT = (1 << 5) << 8
const RECV_MULTISHOT = 2 << 16
const CQE_F_BUFFER = 1
const CQE_F_MORE = 2
const AF_INET = 2
const SOCK_STREAM_CLOEXEC = 1 | 0o2000000
const MSG_NOSIGNAL = 0x4000
const ENOBUFS = -105

// The kind of a completion, in the low bits of its user data's high word; the line's generation lies above.
const ON_TIMEOUT = 0
const ON_SOCKET = 1
const ON_CONNECT = 2
const ON_SEND = 3
const ON_RECEIVE = 4
const ON_END = 5
const kindBits = 3
/** A user data stays below 2^53, so that a number can hold it. */
const generationMask = 0x3_ffff

const maxConnections = 65_536
const tickNs = 20_000_000
const receiveBytes = 32 * 1_048_576

interface UringFrame extends StableFrame {
  readonly address: number
}

interface PreparedTarget {
  readonly socketAddress: UringFrame
  readonly request: UringFrame
  readonly greeting: readonly UringFrame[]
}

export class UringLoad implements LoadEngine {
  readonly name = 'io_uring'
  readonly #ring: Ring
  readonly #buffers: ReceiveBuffers
  readonly #kernel = new KernelCalls()
  readonly #fds = new Int32Array(maxConnections)
  /** Completions of a line that was cut carry an older one. */
  readonly #generations = new Int32Array(maxConnections)
  readonly #openings: (Opening | undefined)[] = []
  readonly #targets: (PreparedTarget | undefined)[] = []
  readonly #preparedTargets = new Map<Target, PreparedTarget>()
  /** What a line is sending: the frame, how many bytes of it are left, and where in the frame the next begins. */
  readonly #frames: (UringFrame | undefined)[] = []
  readonly #unsentBytes = new Float64Array(maxConnections)
  readonly #phases = new Int32Array(maxConnections)
  readonly #sendingBytes = new Int32Array(maxConnections)
  /** Lines with something to send and no send under way; lines that need a receive. */
  readonly #sendable: number[] = []
  #deaf: number[] = []
  readonly #tick: Buffer
  readonly #tickAddress: number
  #isTickArmed = false
  #play: Play | undefined
  #failure: Error | undefined
  #eventCount = 0

  /** @throws RingUnavailable, or an Error where this Node has no node:ffi */
  constructor() {
    this.#ring = Ring.open({ submissions: 4096, completions: 65_536 })
    this.#buffers = new ReceiveBuffers(this.#ring, { maxBytes: receiveBytes })
    this.#tick = Buffer.allocUnsafeSlow(128).fill(0)
    this.#tick.writeBigInt64LE(BigInt(tickNs), 8) // struct __kernel_timespec
    this.#tickAddress = this.#kernel.addressOf(this.#tick)
  }

  prepare(frame: Uint8Array, repeatCount = 1): UringFrame {
    const bytes = repeated(frame, repeatCount)
    const address = this.#kernel.addressOf(bytes)
    return { bytes, frameBytes: frame.length, repeatCount, address }
  }

  open(connection: number, target: Target): void {
    this.#targets[connection] = this.#prepareTarget(target)
    this.#openings[connection] = new Opening(target.greeting)
    const flags = SOCK_STREAM_CLOEXEC
    // IORING_OP_SOCKET: the domain in `fd`, the type in `off`, the protocol in `len`.
    this.#submit(OP_SOCKET, AF_INET, 0, 0, connection, ON_SOCKET, flags)
  }

  cut(connection: number): void {
    const receiving = this.#high(connection, ON_RECEIVE)
    // The receive holds the file: it has to end for the descriptor to be the last reference.
    if (this.#openings[connection] === undefined) {
      const userData = receiving * 0x1_0000_0000 + connection
      this.#ring.submit(OP_ASYNC_CANCEL, -1, userData, 0, 0, connection, ON_END)
    }
    this.#generations[connection] = (this.#generations[connection]! + 1) & generationMask
    this.#ring.submit(OP_CLOSE, this.#fds[connection]!, 0, 0, 0, connection, ON_END)
    this.#openings[connection] = undefined
    this.#frames[connection] = undefined
    this.#unsentBytes[connection] = 0
    this.#sendingBytes[connection] = 0
  }

  send(connection: number, frame: StableFrame, count: number): void {
    const unsent = this.#unsentBytes[connection]!
    if (unsent === 0) {
      this.#frames[connection] = frame as UringFrame
      this.#phases[connection] = 0
      if (this.#sendingBytes[connection] === 0) this.#sendable.push(connection)
    } else if (this.#frames[connection] !== frame) {
      throw new Error('another frame is still being sent')
    }
    this.#unsentBytes[connection] = unsent + count * frame.frameBytes
  }

  async run(play: Play, stallMs = defaultStallMs): Promise<void> {
    this.#play = play
    let nowMs = performance.now()
    let lastEventMs = nowMs
    play.begin(nowMs)
    for (;;) {
      this.#flush(play.spins)
      this.#ring.enter(play.spins ? 0 : 1)
      this.#eventCount = 0
      this.#ring.drain(this)
      this.#buffers.publish()
      nowMs = performance.now()
      if (this.#failure === undefined && play.turn(nowMs)) break
      if (this.#eventCount > 0) lastEventMs = nowMs
      else if (nowMs - lastEventMs > stallMs) {
        this.#failure ??= new Error(`nothing came for ${stallMs} ms`)
      }
      if (this.#failure !== undefined) break
    }
    this.#flush(true)
    this.#finishCuts()
    this.#play = undefined
    if (this.#failure !== undefined) throw this.#failure
  }

  /**
   * A line is cut when its receive has ended, and the kernel ends twenty per call: the rest would stay open, unseen by
   * the server, until the next play.
   */
  #finishCuts(): void {
    do this.#ring.enter(0)
    while (this.#ring.drain(this) > 0 && this.#ring.mayHaveMore)
    this.#buffers.publish()
  }

  dispose(): void {
    this.#buffers.close()
    this.#ring.close()
  }

  /** Called by the ring; what is thrown in here is kept for `run`. */
  complete(connection: number, high: number, result: number, flags: number): void {
    const kind = high & ((1 << kindBits) - 1)
    if (kind === ON_TIMEOUT) {
      this.#isTickArmed = false
      return
    }
    if (kind === ON_END || high >>> kindBits !== this.#generations[connection]) {
      if ((flags & CQE_F_BUFFER) !== 0) this.#buffers.done(flags, Math.max(result, 0))
      return
    }
    this.#eventCount++
    if (this.#failure !== undefined) return
    try {
      if (kind === ON_RECEIVE) this.#received(connection, result, flags)
      else if (kind === ON_SEND) this.#sent(connection, result)
      else if (kind === ON_SOCKET) this.#connect(connection, result)
      else this.#connected(connection, result)
    } catch (error) {
      this.#failure = error as Error
    }
  }

  #received(connection: number, result: number, flags: number): void {
    const isOpening = this.#openings[connection] !== undefined
    if (result > 0) {
      const { bytes } = this.#buffers
      const start = this.#buffers.startOf(flags)
      const generation = this.#generations[connection]
      try {
        if (isOpening) this.#opening(connection, bytes, start, start + result)
        else this.#play?.received(connection, bytes, start, start + result)
      } finally {
        this.#buffers.done(flags, result)
      }
      // A multishot that ended, or a handshake that goes on; unless the play cut the line.
      if ((flags & CQE_F_MORE) === 0 && generation === this.#generations[connection]) {
        this.#deaf.push(connection)
      }
      return
    }
    if (result === ENOBUFS) {
      this.#buffers.exhausted()
      this.#deaf.push(connection)
      return
    }
    throw new Error(
      `connection ${connection}: ${result === 0 ? 'the server closed it' : errorText('recv', result)}`,
    )
  }

  #opening(connection: number, bytes: Buffer, start: number, end: number): void {
    const opening = this.#openings[connection]!
    const isOpen = opening.take(bytes, start, end)
    const step = opening.takeDueStep()
    if (step !== undefined) this.send(connection, this.#targets[connection]!.greeting[step]!, 1)
    if (!isOpen) return
    const generation = this.#generations[connection]
    this.#play?.opened(connection)
    if (generation !== this.#generations[connection]) return
    this.#openings[connection] = undefined
    this.#kernel.noDelay(this.#fds[connection]!)
  }

  #sent(connection: number, result: number): void {
    if (result < 0) throw new Error(`connection ${connection}: ${errorText('send', result)}`)
    const frame = this.#frames[connection]!
    this.#sendingBytes[connection] = 0
    const unsent = this.#unsentBytes[connection]! - result
    this.#unsentBytes[connection] = unsent
    this.#phases[connection] = (this.#phases[connection]! + result) % frame.frameBytes
    if (unsent > 0) this.#sendable.push(connection)
  }

  #connect(connection: number, fd: number): void {
    if (fd < 0) throw new Error(`connection ${connection}: ${errorText('socket', fd)}`)
    this.#fds[connection] = fd
    this.#kernel.resetOnClose(fd)
    const { address, frameBytes } = this.#targets[connection]!.socketAddress
    this.#submit(OP_CONNECT, fd, address, 0, connection, ON_CONNECT, frameBytes)
  }

  #connected(connection: number, result: number): void {
    if (result < 0) throw new Error(`connection ${connection}: ${errorText('connect', result)}`)
    this.send(connection, this.#targets[connection]!.request, 1)
    this.#deaf.push(connection)
  }

  /** Submits what the last batch asked for. */
  #flush(spins: boolean): void {
    const sendable = this.#sendable
    const deaf = this.#deaf
    if (deaf.length > 0) {
      this.#deaf = []
      for (const connection of deaf) {
        // While a line is opening it may be cut as soon as it is open: nothing may hold its file then.
        const multishot = this.#openings[connection] === undefined ? RECV_MULTISHOT : 0
        const operation = OP_RECV | BUFFER_SELECT | multishot
        this.#submit(operation, this.#fds[connection]!, 0, 0, connection, ON_RECEIVE)
      }
    }
    if (sendable.length > 0) {
      for (let i = 0; i < sendable.length; i++) this.#submitSend(sendable[i]!)
      sendable.length = 0
    }
    if (!spins && !this.#isTickArmed) {
      this.#isTickArmed = true
      this.#ring.submit(OP_TIMEOUT, -1, this.#tickAddress, 1, 0, 0, ON_TIMEOUT)
    }
  }

  #submitSend(connection: number): void {
    const frame = this.#frames[connection]
    if (frame === undefined) return
    const phase = this.#phases[connection]!
    const room = frame.frameBytes * frame.repeatCount - phase
    const length = Math.min(this.#unsentBytes[connection]!, room)
    this.#sendingBytes[connection] = length
    this.#ring.submit(
      OP_SEND,
      this.#fds[connection]!,
      frame.address + phase,
      length,
      MSG_NOSIGNAL,
      connection,
      this.#high(connection, ON_SEND),
    )
  }

  #submit(
    operation: number,
    fd: number,
    address: number,
    length: number,
    connection: number,
    kind: number,
    offset = 0,
  ): void {
    const high = this.#high(connection, kind)
    this.#ring.submit(operation, fd, address, length, 0, connection, high, 0, offset)
  }

  #high(connection: number, kind: number): number {
    return (this.#generations[connection]! << kindBits) | kind
  }

  #prepareTarget(target: Target): PreparedTarget {
    const known = this.#preparedTargets.get(target)
    if (known !== undefined) return known
    const socketAddress = Buffer.alloc(16) // struct sockaddr_in
    socketAddress.writeUInt16LE(AF_INET, 0)
    socketAddress.writeUInt16BE(target.port, 2)
    socketAddress.set([127, 0, 0, 1], 4)
    const prepared: PreparedTarget = {
      socketAddress: this.prepare(socketAddress),
      request: this.prepare(target.request),
      greeting: target.greeting.map(({ bytes }) => this.prepare(bytes)),
    }
    this.#preparedTargets.set(target, prepared)
    return prepared
  }
}

function errorText(call: string, result: number): string {
  return `${call}: ${getSystemErrorName(result)}`
}
