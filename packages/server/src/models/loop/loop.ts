// What a program sees of the loop. Every line is a descriptor, every descriptor is watched by one event at most, and
// whoever is told that it is ready reads and writes it itself.

import type { Clock } from '../../connection/clock.ts'
import type { HoldlineError } from '../../protocol/errors.ts'
import type { LineAddress, ListenTarget, Target } from './address.ts'
import type { Backend } from './kernel.ts'
import type { SimNetwork } from './sim-network.ts'

export interface LoopOptions {
  /** Default: `epoll` where it runs, else `net`. `sim` needs a `network`. */
  readonly backend?: Backend
  /** The simulated descriptors of the backend `sim`. */
  readonly network?: SimNetwork
  /** Of timers and timeouts. Default: real time; for `sim`, the clock of its network. */
  readonly clock?: Clock
  /** False: no callback runs but by `runOnce` and after `run`. Default true. */
  readonly starts?: boolean
  /**
   * Told of what a callback threw (ERR_LOOP_CALLBACK, with the `cause`) and of pauses in accepting
   * (ERR_LOOP_ACCEPT). `fd` is the descriptor that it was about, closed in the first case. Default: a warning of the
   * process.
   */
  readonly onError?: (error: HoldlineError, fd: number | null) => void
}

export interface Loop {
  readonly backend: Backend
  /** Why it is this backend. */
  readonly reason: string
  /** Milliseconds of the loop's clock at the beginning of this turn. */
  readonly nowMs: number

  /**
   * Calls `onLine` for every line that comes. What is not kept by then is still open: watch it or close it.
   * @throws HoldlineError ERR_LISTEN_IN_USE, ERR_LISTEN_DENIED, ERR_LISTEN_ADDRESS, ERR_LISTEN_FAILED
   */
  listen(target: ListenTarget, onLine: OnLine): Promise<Listener>
  /**
   * The descriptor of a line that is being made, or a negated errno (no descriptor left). Its first WRITE means that it
   * was made or failed; `error()` of the event, or the first read or write, says which.
   */
  connect(target: Target): number
  /** Takes over a descriptor of the process, of a pipe or a socket. @throws HoldlineError ERR_LOOP_DESCRIPTOR */
  adopt(fd: number): number

  /**
   * Watches a descriptor, from now on.
   * @throws HoldlineError ERR_LOOP_DESCRIPTOR, ERR_LOOP_WATCHED, ERR_OPTION_INVALID
   */
  watch(fd: number, flags: number, callback: EventCallback<undefined>): LoopEvent<undefined>
  watch<Data>(
    fd: number,
    flags: number,
    callback: EventCallback<Data>,
    data: Data,
    options?: WatchOptions,
  ): LoopEvent<Data>
  /** Calls `f` once after `ms` milliseconds, or again and again. */
  timer(ms: number, f: (timer: LoopTimer) => void, options?: TimerOptions): LoopTimer
  /** Calls `f` in a turn of the loop for each signal of the process. Signals alone keep nothing alive. */
  signal(
    name: NodeJS.Signals,
    f: (name: NodeJS.Signals) => void,
    options?: PriorityOption,
  ): LoopSignal

  /** Closes a descriptor, with whatever watches it. @throws HoldlineError ERR_LOOP_DESCRIPTOR */
  close(fd: number): void

  /** Starts the loop, and resolves when it is stopped, closed, or has nothing left to wait for. */
  run(): Promise<void>
  /** One turn, without waiting; gives how many callbacks ran. Also of a loop that is stopped. */
  runOnce(): number
  /** No callback runs behind the one that is under way. What is ready stays so, until `run`. */
  stop(): void
  /** Closes every descriptor and gives everything back. */
  shutDown(): void
}

/** Of a line that came. Who it is costs a call to the kernel: `remoteAddress` of its event, where it is needed. */
export type OnLine = (fd: number, listener: Listener) => void

export interface PriorityOption {
  /** 0 to 7; lower ones run first in a turn. Default 4. */
  readonly priority?: number
}

export interface WatchOptions extends PriorityOption {
  /** Calls back with TIMEOUT when nothing else did for so long. Default: never. */
  readonly timeoutMs?: number
}

export interface TimerOptions extends PriorityOption {
  /** Default false. */
  readonly repeats?: boolean
}

/** `what` is READ, WRITE or both, or TIMEOUT. */
export type EventCallback<Data> = (event: LoopEvent<Data>, what: number) => void

/**
 * A watched descriptor. Results below zero are negated errnos (`AGAIN`, `Errno`): what a line does is a number. What
 * a program gets wrong throws: after `close` everything but `close` and `del` gives ERR_LOOP_DESCRIPTOR.
 */
export interface LoopEvent<Data = undefined> {
  readonly fd: number
  data: Data
  readonly flags: number
  /** Whether its callback may come. */
  readonly isPending: boolean
  readonly isClosed: boolean

  /** Watches again, after it fired without PERSIST or with ONESHOT, or was deleted. */
  add(): void
  /** Watches no more. Its callback does not come, not even in this turn. */
  del(): void
  /** Watches for something else from now on. */
  update(flags: number): void

  /** Above 0: so many bytes came. 0: the end. AGAIN: nothing now. @throws TypeError for an empty buffer */
  read(buffer: Uint8Array): number
  /** Above 0: so many bytes were taken. AGAIN: none now. */
  write(bytes: Uint8Array): number
  /** The error that waits on the line, 0 for none; asking takes it away. */
  error(): number
  /** Ends the sending direction, behind what was written. */
  endWriting(): void
  /** Closes the descriptor. What was written still leaves. */
  close(): void
  readonly localAddress: LineAddress
  readonly remoteAddress: LineAddress
}

export interface LoopTimer {
  readonly isPending: boolean
  /** Due in so many milliseconds from now, whether or not it was before. Default: as it was made. */
  restart(ms?: number): void
  del(): void
}

export interface LoopSignal {
  readonly name: NodeJS.Signals
  del(): void
}

export interface Listener {
  readonly fd: number
  readonly address: LineAddress
  /** The port; 0 for a Unix socket. */
  readonly port: number
  /** False while accepting pauses for want of descriptors. */
  readonly isAccepting: boolean
  /** Takes no more lines. Those that came stay. */
  close(): void
}
