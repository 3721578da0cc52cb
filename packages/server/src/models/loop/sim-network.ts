// A network of descriptors that exist only here: for tests that must end the same way every time. Time is the clock's
// that it is given, and what is left to chance in a kernel is left to a seed.

import type { Clock } from '../../connection/clock.ts'
import type { LineAddress } from './address.ts'
import { ByteQueue } from './byte-queue.ts'
import { AGAIN, Errno, READ, WRITE } from './flags.ts'

export interface SimOptions {
  /** What the loop's timers, timeouts and turns run on; a `FakeClock` of `holdline/testing`. */
  readonly clock: Clock
  /** Of what is left to chance. Default 1. */
  readonly seed?: number
  /** How likely a descriptor that is not ready is told in a turn, as a kernel may; 0 to 1. Default 0. */
  readonly spurious?: number
  /** Whether reads and writes give fewer bytes than they could, as a kernel may. Default false. */
  readonly splits?: boolean
  /** Bytes that a line holds in each direction before AGAIN. Default 65,536. */
  readonly windowBytes?: number
}

/** The other side of a line, as a script holds it. */
export class SimPeer {
  readonly #end: SimEnd

  constructor(end: SimEnd) {
    this.#end = end
  }

  /** Gives how many bytes fit into the line. */
  send(data: Uint8Array | string): number {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data
    return Math.max(0, this.#end.write(bytes, bytes.length))
  }

  /** Takes what has come, which makes room for more. */
  take(maxBytes: number = Infinity): Uint8Array {
    const bytes = new Uint8Array(Math.min(maxBytes, this.#end.inbound.length))
    this.#end.read(bytes, bytes.length)
    return bytes
  }

  takeText(): string {
    return Buffer.from(this.take()).toString('utf8')
  }

  /** Bytes that have come and were not taken. */
  get waitingBytes(): number {
    return this.#end.inbound.length
  }

  /** Ends its sending direction. */
  end(): void {
    this.#end.endWriting()
  }

  /** Breaks the line off: the other side reads ECONNRESET. */
  reset(): void {
    this.#end.reset()
  }

  /** Whether the other side ended its sending direction. */
  get isEnded(): boolean {
    return this.#end.isEnded
  }

  get isReset(): boolean {
    return this.#end.error === Errno.ECONNRESET
  }
}

/** One end of a line. */
export class SimEnd {
  readonly inbound: ByteQueue = new ByteQueue()
  readonly #windowBytes: number
  other: SimEnd | null = null
  isConnected = true
  /** Nothing more comes. */
  isEnded = false
  hasEndedWriting = false
  isClosed = false
  error = 0
  /** Told of what changed for whoever holds this end. */
  onChanged: ((changed: number) => void) | null = null

  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes
  }

  get readyFor(): number {
    if (this.error !== 0) return READ | WRITE
    const canRead = this.inbound.length > 0 || this.isEnded
    const canWrite = this.isConnected && (this.room > 0 || this.isGone)
    return (canRead ? READ : 0) | (canWrite ? WRITE : 0)
  }

  get room(): number {
    return this.other === null ? 0 : this.other.#windowBytes - this.other.inbound.length
  }

  get isGone(): boolean {
    return this.other === null || this.other.isClosed || this.hasEndedWriting
  }

  read(target: Uint8Array, mostBytes: number): number {
    if (this.error !== 0) return this.takeError()
    if (this.inbound.length === 0) return this.isEnded ? 0 : AGAIN
    const wasFull = this.inbound.length >= this.#windowBytes
    const count = this.inbound.read(target.subarray(0, mostBytes))
    if (wasFull) this.other?.onChanged?.(WRITE)
    return count
  }

  write(bytes: Uint8Array, mostBytes: number): number {
    if (this.error !== 0) return this.takeError()
    if (!this.isConnected) return AGAIN
    if (this.isGone) return Errno.EPIPE
    const count = Math.min(mostBytes, this.room)
    if (count <= 0) return AGAIN
    this.other!.inbound.append(bytes.subarray(0, count))
    this.other!.onChanged?.(READ)
    return count
  }

  takeError(): number {
    const { error } = this
    this.error = 0
    if (error !== 0) this.isEnded = true
    return error
  }

  endWriting(): void {
    if (this.hasEndedWriting || this.isClosed) return
    this.hasEndedWriting = true
    const { other } = this
    if (other === null || other.isClosed) return
    other.isEnded = true
    other.onChanged?.(READ)
  }

  close(): void {
    this.endWriting()
    this.isClosed = true
    this.onChanged = null
    this.inbound.clear()
    this.other?.onChanged?.(WRITE)
  }

  reset(): void {
    const { other } = this
    this.close()
    if (other === null || other.isClosed) return
    other.inbound.clear()
    other.error = Errno.ECONNRESET
    other.onChanged?.(READ | WRITE)
  }

  fail(errno: number): void {
    this.error = errno
    this.onChanged?.(READ | WRITE)
  }
}

/** Who takes lines at an address: a loop, or a script. */
export type SimTaker = (end: SimEnd, from: LineAddress) => boolean

export class SimNetwork {
  readonly clock: Clock
  readonly windowBytes: number
  readonly spurious: number
  readonly #splits: boolean
  #state: number
  #nextPort = 40_000
  readonly #takers = new Map<string, SimTaker>()
  readonly #onSignal = new Set<(name: NodeJS.Signals) => void>()
  /** While above zero, descriptors cannot be had: EMFILE. */
  #lackOfDescriptors = 0

  constructor(options: SimOptions) {
    this.clock = options.clock
    this.windowBytes = options.windowBytes ?? 65_536
    this.spurious = options.spurious ?? 0
    this.#splits = options.splits ?? false
    this.#state = (options.seed ?? 1) | 0
  }

  // --- For scripts

  /** A line to where a loop listens; null where nobody does or no more may wait. */
  dial(
    to: { readonly port: number; readonly host?: string } | { readonly path: string },
  ): SimPeer | null {
    const ours = new SimEnd(this.windowBytes)
    return this.connect(ours, 'path' in to ? to : { host: to.host ?? '127.0.0.1', port: to.port })
      ? new SimPeer(ours)
      : null
  }

  /** Takes the lines that a loop connects to `port` of 127.0.0.1. */
  serve(port: number, onPeer: (peer: SimPeer) => void): void {
    this.take({ host: '127.0.0.1', port }, (end) => {
      onPeer(new SimPeer(end))
      return true
    })
  }

  /** A signal to the loops of this network. */
  raise(name: NodeJS.Signals): void {
    for (const told of this.#onSignal) told(name)
  }

  /** The next `count` times that a descriptor is needed, there is none. */
  exhaustDescriptors(count: number): void {
    this.#lackOfDescriptors = count
  }

  // --- For the kernel

  /** False where the address is taken. Port 0 of `at` becomes a free one; gives the address. */
  take(at: LineAddress, taker: SimTaker): LineAddress | null {
    const where = 'path' in at || at.port !== 0 ? at : { host: at.host, port: this.#nextPort++ }
    const name = nameOf(where)
    if (this.#takers.has(name)) return null
    this.#takers.set(name, taker)
    return where
  }

  leave(at: LineAddress): void {
    this.#takers.delete(nameOf(at))
  }

  /** Joins an end to whoever takes lines at an address. */
  connect(end: SimEnd, to: LineAddress): boolean {
    const taker = this.#takers.get(nameOf(to))
    if (taker === undefined) return false
    const far = new SimEnd(this.windowBytes)
    far.other = end
    end.other = far
    return taker(far, { host: '127.0.0.1', port: this.#nextPort++ })
  }

  onSignal(told: (name: NodeJS.Signals) => void): () => void {
    this.#onSignal.add(told)
    return () => void this.#onSignal.delete(told)
  }

  hasDescriptor(): boolean {
    if (this.#lackOfDescriptors === 0) return true
    this.#lackOfDescriptors--
    return false
  }

  /** How many of `count` bytes one call moves. */
  portion(count: number): number {
    return this.#splits && count > 1 ? 1 + Math.floor(this.random() * count) : count
  }

  /** 0 to 1 (mulberry32). */
  random(): number {
    this.#state = (this.#state + 0x6d2b_79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

/** Every host of the simulation is this one. */
function nameOf(at: LineAddress): string {
  return 'path' in at ? at.path : String(at.port)
}
