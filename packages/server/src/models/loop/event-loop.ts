// The loop: which descriptors there are, and its turns. What is ready is asked of a kernel, what is to be run and when
// is on the agenda; both are other files.

import type { Clock } from '../../connection/clock.ts'
import type { ErrorCode } from '../../protocol/errors.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import { checkBacklog, checkTarget, invalid } from './address.ts'
import type { ListenTarget, Target } from './address.ts'
import { Agenda } from './agenda.ts'
import { errnoName } from './flags.ts'
import { HeldEvent, unknownDescriptor } from './held-event.ts'
import type { EventHost } from './held-event.ts'
import { LineListener } from './line-listener.ts'
import { checkMs, checkPriority, HeldSignal, HeldTimer } from './held-timer.ts'
import type { TimerHost } from './held-timer.ts'
import type { Backend, Kernel } from './kernel.ts'
import type {
  EventCallback,
  Listener,
  Loop,
  LoopEvent,
  LoopSignal,
  LoopTimer,
  OnLine,
  PriorityOption,
  TimerOptions,
  WatchOptions,
} from './loop.ts'

type AnyEvent = HeldEvent<unknown>

export interface EventLoopOptions {
  readonly kernel: Kernel
  readonly reason: string
  readonly clock: Clock
  readonly starts: boolean
  readonly onError: (error: HoldlineError, fd: number | null) => void
}

export class EventLoop implements Loop, EventHost, TimerHost {
  readonly kernel: Kernel
  readonly agenda: Agenda = new Agenda()
  readonly reason: string
  readonly #clock: Clock
  readonly #onError: (error: HoldlineError, fd: number | null) => void
  /** By descriptor: the event that watches it, or did last; null for none; undefined where it is not open here. */
  readonly #owners: (AnyEvent | null | undefined)[] = []
  readonly #signals = new Set<LoopSignal>()
  readonly #running: (() => void)[] = []
  /** Events that are pending, pauses of listeners included, and timers: what the loop waits for. */
  #pendingCount = 0
  #turnMs = 0
  #isInTurn = false
  #isStarted = false
  #isClosed = false
  #alarmMs = Infinity
  #cancelAlarm: (() => void) | null = null
  #isTurnAsked = false

  constructor(options: EventLoopOptions) {
    this.kernel = options.kernel
    this.reason = options.reason
    this.#clock = options.clock
    this.#onError = options.onError
    if (options.starts) this.#start()
  }

  get backend(): Backend {
    return this.kernel.backend
  }

  get nowMs(): number {
    return this.#isInTurn ? this.#turnMs : this.#clock.now()
  }

  // --- Descriptors

  async listen(target: ListenTarget, onLine: OnLine): Promise<Listener> {
    this.#mustBeOpen()
    const fd = await this.#listen(target)
    if (this.#isClosed) {
      this.kernel.close(fd)
      throw new HoldlineError('ERR_LOOP_CLOSED')
    }
    this.#owners[fd] = null
    return new LineListener(this, fd, onLine)
  }

  /** Without a host: every address of the machine, also where there is no IPv6. */
  async #listen(target: ListenTarget): Promise<number> {
    const backlog = checkBacklog(target.backlog)
    const at = checkTarget(target, '::')
    try {
      return await this.kernel.listen(at, backlog)
    } catch (error) {
      const { code } = error as HoldlineError
      const mayLackIpv6 = code === 'ERR_LISTEN_FAILED' || code === 'ERR_LISTEN_ADDRESS'
      if ('path' in target || target.host !== undefined || !mayLackIpv6) throw error
      return this.kernel.listen(checkTarget(target, '0.0.0.0'), backlog)
    }
  }

  connect(target: Target): number {
    this.#mustBeOpen()
    const fd = this.kernel.connect(checkTarget(target, '127.0.0.1'))
    if (fd >= 0) this.#owners[fd] = null
    return fd
  }

  adopt(fd: number): number {
    this.#mustBeOpen()
    if (!Number.isInteger(fd) || fd < 0) throw unknownDescriptor(fd, 'no descriptor')
    const adopted = this.kernel.adopt(fd)
    if (adopted < 0) throw unknownDescriptor(fd, errnoName(adopted))
    if (this.#owners[adopted] !== undefined) throw unknownDescriptor(fd, 'adopted already')
    this.#owners[adopted] = null
    return adopted
  }

  /** A new line's descriptor, or why there is none. */
  accept(listenFd: number): number {
    const fd = this.kernel.accept(listenFd)
    if (fd >= 0) this.#owners[fd] = null
    return fd
  }

  isOpen(fd: number): boolean {
    return this.#owners[fd] !== undefined
  }

  close(fd: number): void {
    const owner = this.#owners[fd]
    if (owner === undefined) throw unknownDescriptor(fd, 'not open')
    owner?.detach()
    this.#owners[fd] = undefined
    this.kernel.close(fd)
  }

  // --- Events, timers, signals

  watch<Data = undefined>(
    fd: number,
    flags: number,
    callback: EventCallback<Data>,
    data?: Data,
    options?: WatchOptions,
  ): LoopEvent<Data> {
    this.#mustBeOpen()
    if (this.#owners[fd] === undefined) throw unknownDescriptor(fd, 'not open')
    const timeoutMs = options?.timeoutMs ?? Infinity
    if (timeoutMs !== Infinity && checkMs('timeoutMs', timeoutMs) === 0) {
      throw invalid('timeoutMs', timeoutMs)
    }
    const priority = checkPriority(options?.priority)
    const event = new HeldEvent(this, fd, flags, callback, data as Data, timeoutMs, priority)
    event.add()
    return event
  }

  timer(ms: number, f: (timer: LoopTimer) => void, options: TimerOptions = {}): LoopTimer {
    this.#mustBeOpen()
    return new HeldTimer(this, ms, f, options.repeats ?? false, checkPriority(options.priority))
  }

  signal(
    name: NodeJS.Signals,
    f: (name: NodeJS.Signals) => void,
    options: PriorityOption = {},
  ): LoopSignal {
    this.#mustBeOpen()
    const priority = checkPriority(options.priority)
    const listen = (told: () => void): (() => void) => {
      try {
        const forget = this.kernel.onSignal(name, told)
        return () => {
          forget()
          this.#signals.delete(signal)
        }
      } catch (cause) {
        throw new HoldlineError('ERR_OPTION_INVALID', `signal: ${name}`, { cause })
      }
    }
    const signal: LoopSignal = new HeldSignal(this, name, f, priority, listen)
    this.#signals.add(signal)
    return signal
  }

  attach(event: AnyEvent): void {
    this.#mustBeOpen()
    const owner = this.#owners[event.fd]
    if (owner === event) return
    if (owner?.isPending === true) {
      throw new HoldlineError('ERR_LOOP_WATCHED', String(event.fd))
    }
    owner?.detach()
    this.#owners[event.fd] = event
  }

  changed(difference: number): void {
    this.#pendingCount += difference
    if (difference !== 0 && this.#pendingCount - difference === 0) this.kernel.setReferenced(true)
    else if (this.#pendingCount === 0 && !this.#isClosed) this.kernel.setReferenced(false)
    if (!this.#isInTurn) this.#behindTurn()
  }

  failed(error: unknown, fd: number | null): void {
    this.tell('ERR_LOOP_CALLBACK', fd, error)
  }

  /** Reports. What the program's own `onError` throws is left to the process. */
  tell(code: ErrorCode, fd: number | null, cause: unknown): void {
    const detail = fd === null ? undefined : `descriptor ${fd}`
    try {
      this.#onError(new HoldlineError(code, detail, { cause }), fd)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }

  // --- Running

  run(): Promise<void> {
    this.#mustBeOpen()
    return new Promise((resolve) => {
      this.#running.push(resolve)
      this.#start()
      this.#behindTurn()
    })
  }

  runOnce(): number {
    this.#mustBeOpen()
    return this.#turn()
  }

  stop(): void {
    this.#isStarted = false
    this.agenda.halt()
    if (!this.#isClosed) this.kernel.wakeBy(null)
    this.#setAlarm(Infinity)
    this.#resolveRunning()
  }

  #start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    this.kernel.wakeBy(this.#wake)
    if (!this.#isInTurn) this.#behindTurn()
  }

  // Nothing may be thrown from here: out of a foreign callback it would end the process.
  readonly #wake = (): void => {
    if (this.#isStarted) this.#turn()
  }

  readonly #onReady = (fd: number, what: number): void => {
    const owner = this.#owners[fd]
    if (owner?.isPending === true) this.agenda.activate(owner, what)
  }

  #turn(): number {
    if (this.#isInTurn || this.#isClosed) return 0
    this.#isInTurn = true
    this.#turnMs = this.#clock.now()
    // All that is ready is known before the first callback runs: what one of them closes is off the agenda, and a
    // descriptor that is used again is another event.
    this.kernel.poll(this.#onReady)
    this.agenda.passTo(this.#turnMs)
    const count = this.agenda.run()
    this.#isInTurn = false
    this.#behindTurn()
    return count
  }

  #behindTurn(): void {
    if (this.#isClosed || !this.#isStarted) return
    this.#setAlarm(this.agenda.nextMs)
    // Signals, and what a stop left behind.
    if (this.agenda.hasWork) this.#askForTurn()
    else if (this.#pendingCount === 0) this.#resolveRunning()
  }

  #askForTurn(): void {
    if (this.#isTurnAsked) return
    this.#isTurnAsked = true
    this.#clock.atTurnEnd(() => {
      this.#isTurnAsked = false
      this.#wake()
    })
  }

  /** One timer of the clock, for the first of the loop's. It may ring too early, which is harmless. */
  #setAlarm(dueMs: number): void {
    if (dueMs >= this.#alarmMs && dueMs !== Infinity) return
    if (dueMs === this.#alarmMs) return
    this.#cancelAlarm?.()
    this.#cancelAlarm = null
    this.#alarmMs = dueMs
    if (dueMs === Infinity) return
    const ms = Math.max(0, Math.ceil(dueMs - this.#clock.now()))
    this.#cancelAlarm = this.#clock.setTimer(ms, this.#ring)
  }

  readonly #ring = (): void => {
    this.#cancelAlarm = null
    this.#alarmMs = Infinity
    this.#wake()
  }

  #resolveRunning(): void {
    for (const resolve of this.#running.splice(0)) resolve()
  }

  // --- The end

  shutDown(): void {
    if (this.#isClosed) return
    this.stop()
    for (const signal of this.#signals) signal.del()
    for (const [fd, owner] of this.#owners.entries()) if (owner !== undefined) this.close(fd)
    this.#isClosed = true
    this.kernel.release()
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new HoldlineError('ERR_LOOP_CLOSED')
  }
}
