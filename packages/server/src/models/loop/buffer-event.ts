// The buffered layer: libevent's bufferevent. Reads and writes by itself, and calls back when enough has come, when
// little is left to leave, and at the end. Knows descriptors only through their event.

import { invalid } from './address.ts'
import { ByteQueue } from './byte-queue.ts'
import { AGAIN, PERSIST, READ, WRITE } from './flags.ts'
import type { Loop, LoopEvent, LoopTimer, PriorityOption } from './loop.ts'

/** What the callback `event` is told. */
export const Happened = {
  /** The line was made. */
  CONNECTED: 'connected',
  /** The other side ended its direction; what it sent is in `input`. */
  EOF: 'eof',
  /** Reading or writing failed, or the line was not made. */
  ERROR: 'error',
  READ_TIMEOUT: 'read-timeout',
  WRITE_TIMEOUT: 'write-timeout',
} as const
export type Happened = (typeof Happened)[keyof typeof Happened]

export interface BufferCallbacks {
  /** `input` holds `readLowBytes` or more, and something came. */
  readonly read?: (buffer: BufferEvent) => void
  /** Something left, and `output` holds `writeLowBytes` or less. */
  readonly write?: (buffer: BufferEvent) => void
  /** `errno` is below zero for ERROR, else 0. Not read (EOF, ERROR, READ_TIMEOUT) or written any more until `enable`. */
  readonly event?: (buffer: BufferEvent, happened: Happened, errno: number) => void
}

export interface BufferOptions extends PriorityOption {
  /** Default 0: every byte is told. */
  readonly readLowBytes?: number
  /** `input` never holds more; reading goes on when it holds less. Default 65,536. */
  readonly readHighBytes?: number
  /** Default 0: told when all has left. */
  readonly writeLowBytes?: number
  /** While it reads: the longest silence. Default: none. */
  readonly readTimeoutMs?: number
  /** While something waits to leave: how long nothing may leave. Default: none. */
  readonly writeTimeoutMs?: number
  /** Whether the descriptor comes from `connect`: then CONNECTED or ERROR comes first. Default false. */
  readonly connects?: boolean
}

/** Of the descriptor's, in one turn; the rest in the next. */
const READ_BYTES = 65_536
/** All loops of a thread read into the same memory, one after the other. */
const scratch = Buffer.allocUnsafeSlow(READ_BYTES)

/** @throws HoldlineError as `loop.watch`, and ERR_OPTION_INVALID where a low mark is above the high one */
export function bufferEvent(
  loop: Loop,
  fd: number,
  callbacks: BufferCallbacks,
  options: BufferOptions = {},
): BufferEvent {
  return new BufferEvent(loop, fd, callbacks, options)
}

export class BufferEvent {
  /** What came. Whoever takes from it makes room for more. */
  readonly input: ByteQueue
  /** What waits to leave. */
  readonly output: ByteQueue = new ByteQueue()
  readonly #event: LoopEvent
  readonly #callbacks: BufferCallbacks
  readonly #readLowBytes: number
  readonly #readHighBytes: number
  readonly #writeLowBytes: number
  readonly #readTimer: LoopTimer | null
  readonly #writeTimer: LoopTimer | null
  #enabled = READ | WRITE
  #isConnecting: boolean
  #isEnding = false
  #isInCallback = false

  constructor(loop: Loop, fd: number, callbacks: BufferCallbacks, options: BufferOptions) {
    const { readLowBytes = 0, readHighBytes = READ_BYTES, writeLowBytes = 0 } = options
    checkBytes('readLowBytes', readLowBytes, 0)
    checkBytes('readHighBytes', readHighBytes, Math.max(1, readLowBytes))
    checkBytes('writeLowBytes', writeLowBytes, 0)
    this.#callbacks = callbacks
    this.#readLowBytes = readLowBytes
    this.#readHighBytes = readHighBytes
    this.#writeLowBytes = writeLowBytes
    this.#isConnecting = options.connects ?? false
    this.input = new ByteQueue(() => this.#changed())
    const timeout = (ms: number | undefined, what: number): LoopTimer | null => {
      if (ms === undefined) return null
      const timer = loop.timer(ms, () => this.#timedOut(what), options)
      timer.del()
      return timer
    }
    this.#readTimer = timeout(options.readTimeoutMs, READ)
    this.#writeTimer = timeout(options.writeTimeoutMs, WRITE)
    const flags = (this.#isConnecting ? WRITE : READ) | PERSIST
    this.#event = loop.watch(fd, flags, this.#onReady, undefined, options)
    this.#changed()
  }

  get fd(): number {
    return this.#event.fd
  }

  /** The event below, for what this layer does not do. */
  get event(): LoopEvent {
    return this.#event
  }

  get isClosed(): boolean {
    return this.#event.isClosed
  }

  /** Whether `end` was called. */
  get isEnding(): boolean {
    return this.#isEnding
  }

  /** Adds a copy to `output`. After `end`, and once closed, it is thrown away. */
  write(data: Uint8Array | string): void {
    if (this.isClosed || this.#isEnding) return
    this.output.append(data)
    this.#changed()
  }

  /** Ends the sending direction once `output` has left. */
  end(): void {
    if (this.#isEnding || this.isClosed) return
    this.#isEnding = true
    if (this.output.length === 0 && !this.#isConnecting) this.#event.endWriting()
  }

  /** What is in `output` and has not left is lost; see `end`. */
  close(): void {
    this.#readTimer?.del()
    this.#writeTimer?.del()
    this.#event.close()
  }

  /** READ, WRITE or both: works on with them. Both are enabled in the beginning. */
  enable(what: number): void {
    this.#enabled |= what & (READ | WRITE)
    this.#changed()
  }

  disable(what: number): void {
    this.#enabled &= ~what
    this.#changed()
  }

  get enabled(): number {
    return this.#enabled
  }

  // --- What is waited for

  /** Watches for what is wanted now. Inside of a callback that is done once, behind it. */
  #changed(): void {
    if (this.#isInCallback || this.isClosed) return
    const reads = this.#reads
    const writes = this.#writes
    const wanted = (reads ? READ : 0) | (writes ? WRITE : 0)
    const event = this.#event
    if (wanted === 0) event.del()
    else {
      if ((event.flags & (READ | WRITE)) !== wanted) event.update(wanted | PERSIST)
      event.add()
    }
    watchTime(this.#readTimer, reads)
    watchTime(this.#writeTimer, writes)
  }

  get #reads(): boolean {
    const isWanted = (this.#enabled & READ) !== 0 && !this.#isConnecting
    return isWanted && this.input.length < this.#readHighBytes
  }

  get #writes(): boolean {
    return this.#isConnecting || ((this.#enabled & WRITE) !== 0 && this.output.length > 0)
  }

  // --- In the turn

  readonly #onReady = (_event: LoopEvent, what: number): void => {
    this.#isInCallback = true
    try {
      if (this.#isConnecting) this.#connected()
      else if ((what & READ) !== 0 && this.#reads) this.#read()
      // Also without WRITE: what a callback has written mostly finds room at once, which spares a turn.
      if (this.#writes && !this.isClosed && !this.#isConnecting) this.#flush()
    } catch (error) {
      // The loop closes the descriptor and reports; the timers are this layer's.
      this.close()
      throw error
    } finally {
      this.#isInCallback = false
    }
    this.#changed()
  }

  #connected(): void {
    const errno = this.#event.error()
    if (errno === 0) {
      this.#isConnecting = false
      if (this.#isEnding && this.output.length === 0) this.#event.endWriting()
      this.#callbacks.event?.(this, Happened.CONNECTED, 0)
    } else this.#stop(READ | WRITE, Happened.ERROR, errno)
  }

  #read(): void {
    const room = Math.min(READ_BYTES, this.#readHighBytes - this.input.length)
    const count = this.#event.read(room === READ_BYTES ? scratch : scratch.subarray(0, room))
    if (count > 0) {
      this.input.append(count === READ_BYTES ? scratch : scratch.subarray(0, count))
      this.#readTimer?.restart()
      if (this.input.length >= this.#readLowBytes) this.#callbacks.read?.(this)
    } else if (count === 0) this.#stop(READ, Happened.EOF, 0)
    else if (count !== AGAIN) this.#stop(READ | WRITE, Happened.ERROR, count)
  }

  #flush(): void {
    const { output } = this
    let left = 0
    while (output.length > 0) {
      const { front } = output
      const count = this.#event.write(front)
      if (count === AGAIN) break
      if (count < 0) {
        this.#stop(READ | WRITE, Happened.ERROR, count)
        return
      }
      left += output.drain(count)
      if (count < front.length) break
    }
    if (left === 0) return
    this.#writeTimer?.restart()
    if (this.#isEnding && output.length === 0) this.#event.endWriting()
    if (output.length <= this.#writeLowBytes) this.#callbacks.write?.(this)
  }

  #timedOut(what: number): void {
    if (this.isClosed) return
    this.#isInCallback = true
    try {
      this.#stop(what, what === READ ? Happened.READ_TIMEOUT : Happened.WRITE_TIMEOUT, 0)
    } catch (error) {
      this.close()
      throw error
    } finally {
      this.#isInCallback = false
    }
    this.#changed()
  }

  /** First stopped, then told: the callback may enable again. */
  #stop(what: number, happened: Happened, errno: number): void {
    this.#enabled &= ~what
    if (happened === Happened.ERROR) this.#isConnecting = false
    this.#callbacks.event?.(this, happened, errno)
  }
}

function watchTime(timer: LoopTimer | null, isWanted: boolean): void {
  if (timer === null || timer.isPending === isWanted) return
  if (isWanted) timer.restart()
  else timer.del()
}

/** @throws HoldlineError ERR_OPTION_INVALID */
function checkBytes(option: string, bytes: number, least: number): void {
  const isValid = bytes === Infinity || (Number.isInteger(bytes) && bytes >= least)
  if (!isValid) throw invalid(option, bytes)
}
