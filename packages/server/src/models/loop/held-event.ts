// A watched descriptor: its state between the kernel, which knows what is armed, and the agenda, which knows what runs.

import { isPromise } from '../../connection/lane.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import type { LineAddress } from './address.ts'
import { invalid } from './address.ts'
import { Activity } from './agenda.ts'
import type { Agenda } from './agenda.ts'
import { EDGE, errnoName, ONESHOT, PERSIST, READ, TIMEOUT, WATCHABLE, WRITE } from './flags.ts'
import type { Kernel } from './kernel.ts'
import type { EventCallback, LoopEvent } from './loop.ts'

/** What an event needs of its loop. */
export interface EventHost {
  readonly kernel: Kernel
  readonly agenda: Agenda
  readonly nowMs: number
  /** The event becomes the one that watches its descriptor. @throws HoldlineError ERR_LOOP_WATCHED */
  attach(event: HeldEvent<unknown>): void
  /** Its `isPending`, or when it is due, has changed. */
  changed(difference: number): void
  close(fd: number): void
  failed(error: unknown, fd: number): void
}

export class HeldEvent<Data> extends Activity implements LoopEvent<Data> {
  readonly fd: number
  data: Data
  #flags: number
  readonly #callback: EventCallback<Data>
  readonly #timeoutMs: number
  readonly #host: EventHost
  #isPending = false
  #isClosed = false
  /** Fired with ONESHOT: pending, but the kernel tells nothing more. */
  #isDisarmed = false

  constructor(
    host: EventHost,
    fd: number,
    flags: number,
    callback: EventCallback<Data>,
    data: Data,
    timeoutMs: number,
    priority: number,
  ) {
    super(priority)
    checkFlags(flags)
    this.#host = host
    this.fd = fd
    this.#flags = flags
    this.#callback = callback
    this.data = data
    this.#timeoutMs = timeoutMs
  }

  get flags(): number {
    return this.#flags
  }

  get isPending(): boolean {
    return this.#isPending
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  // --- Watching

  add(): void {
    this.#mustBeOpen()
    if (this.#isPending && !this.#isDisarmed) return
    this.#host.attach(this as HeldEvent<unknown>)
    this.#arm()
    if (this.#isPending) return
    this.#isPending = true
    this.#host.changed(1)
    this.#pushBack(this.#host.nowMs)
  }

  del(): void {
    this.active = 0
    if (!this.#isPending) return
    this.#unpend()
    this.#host.kernel.disarm(this.fd)
  }

  update(flags: number): void {
    this.#mustBeOpen()
    checkFlags(flags)
    this.#flags = flags
    this.active &= flags | TIMEOUT
    if (this.#isPending) this.#arm()
  }

  #arm(): void {
    const flags = this.#flags
    const interest = flags & (READ | WRITE | EDGE)
    // What fires once is disarmed by the kernel, which spares a call.
    const once = (flags & PERSIST) === 0 || (flags & ONESHOT) !== 0
    const refused = this.#host.kernel.arm(this.fd, once ? interest | ONESHOT : interest)
    if (refused < 0) throw unknownDescriptor(this.fd, errnoName(refused))
    this.#isDisarmed = false
  }

  #unpend(): void {
    this.#isPending = false
    this.#isDisarmed = false
    this.#host.agenda.clearDue(this)
    this.#host.changed(-1)
  }

  #pushBack(nowMs: number): void {
    if (this.#timeoutMs === Infinity) return
    this.#host.agenda.setDue(this, nowMs + this.#timeoutMs)
    this.#host.changed(0)
  }

  // --- In the turn

  fallDue(nowMs: number): void {
    // Ready in the same turn: then it was not silent, and `run` sets the next time.
    if (this.active !== 0) this.#pushBack(nowMs)
    else this.#host.agenda.activate(this, TIMEOUT)
  }

  run(what: number): void {
    const flags = this.#flags
    if ((flags & PERSIST) === 0) {
      // The kernel has disarmed what fired; not what was silent for too long.
      if ((what & TIMEOUT) !== 0) this.#host.kernel.disarm(this.fd)
      this.#unpend()
    } else {
      if ((flags & ONESHOT) !== 0 && (what & TIMEOUT) === 0) this.#isDisarmed = true
      this.#pushBack(this.#host.nowMs)
    }
    try {
      const result: unknown = this.#callback(this, what)
      if (result !== undefined && isPromise(result)) {
        result.then(undefined, (error: unknown) => this.#failed(error))
      }
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    if (!this.#isClosed) this.#host.close(this.fd)
    this.#host.failed(error, this.fd)
  }

  // --- Bytes

  read(buffer: Uint8Array): number {
    if (this.#isClosed) this.#mustBeOpen()
    // 0 would look like the end.
    if (buffer.length === 0) throw new TypeError('There is no room in the buffer to read into')
    return this.#host.kernel.read(this.fd, buffer)
  }

  write(bytes: Uint8Array): number {
    if (this.#isClosed) this.#mustBeOpen()
    return bytes.length === 0 ? 0 : this.#host.kernel.write(this.fd, bytes)
  }

  error(): number {
    this.#mustBeOpen()
    return this.#host.kernel.takeError(this.fd)
  }

  endWriting(): void {
    this.#mustBeOpen()
    this.#host.kernel.endWriting(this.fd)
  }

  get localAddress(): LineAddress {
    this.#mustBeOpen()
    return this.#host.kernel.localAddress(this.fd)
  }

  get remoteAddress(): LineAddress {
    this.#mustBeOpen()
    return this.#host.kernel.remoteAddress(this.fd)
  }

  close(): void {
    if (!this.#isClosed) this.#host.close(this.fd)
  }

  /** Its descriptor is closed, or watched by another event: the number may be another line's by now. */
  detach(): void {
    this.del()
    this.#isClosed = true
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw unknownDescriptor(this.fd, 'closed')
  }
}

export function unknownDescriptor(fd: unknown, why: string): HoldlineError {
  return new HoldlineError('ERR_LOOP_DESCRIPTOR', `${String(fd)} (${why})`)
}

function checkFlags(flags: number): void {
  if (!Number.isInteger(flags) || (flags & ~WATCHABLE) !== 0 || (flags & (READ | WRITE)) === 0) {
    throw invalid('flags', `${flags}; READ, WRITE or both, with PERSIST, EDGE, ONESHOT`)
  }
}
