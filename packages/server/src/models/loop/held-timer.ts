// Timers and signals of a loop: what runs in its turns without a descriptor.

import { isPromise } from '../../connection/lane.ts'
import { invalid } from './address.ts'
import { Activity, DEFAULT_PRIORITY, PRIORITY_COUNT } from './agenda.ts'
import type { Agenda } from './agenda.ts'
import type { LoopSignal, LoopTimer } from './loop.ts'

/** What timers and signals need of their loop. */
export interface TimerHost {
  readonly agenda: Agenda
  readonly nowMs: number
  changed(difference: number): void
  failed(error: unknown, fd: null): void
}

/** Not due by itself, but on the agenda. */
const TOLD = 1

export class HeldTimer extends Activity implements LoopTimer {
  readonly #host: TimerHost
  readonly #f: (timer: LoopTimer) => void
  readonly #repeats: boolean
  #ms: number
  #isPending = false

  constructor(
    host: TimerHost,
    ms: number,
    f: (timer: LoopTimer) => void,
    repeats: boolean,
    priority: number,
  ) {
    super(priority)
    this.#host = host
    this.#f = f
    this.#repeats = repeats
    // One that repeats at once would never let the turn end.
    this.#ms = repeats ? Math.max(1, checkMs('ms', ms)) : checkMs('ms', ms)
    this.restart()
  }

  get isPending(): boolean {
    return this.#isPending
  }

  restart(ms: number = this.#ms): void {
    this.#ms = this.#repeats ? Math.max(1, checkMs('ms', ms)) : checkMs('ms', ms)
    this.active = 0
    this.#host.agenda.setDue(this, this.#host.nowMs + this.#ms)
    this.#pend(true)
  }

  del(): void {
    this.active = 0
    this.#host.agenda.clearDue(this)
    this.#pend(false)
  }

  #pend(isPending: boolean): void {
    const difference = Number(isPending) - Number(this.#isPending)
    this.#isPending = isPending
    this.#host.changed(difference)
  }

  fallDue(nowMs: number): void {
    this.#host.agenda.activate(this, TOLD)
    if (this.#repeats) this.#host.agenda.setDue(this, nowMs + this.#ms)
  }

  run(): void {
    if (!this.#repeats) this.#pend(false)
    contain(this.#host, () => this.#f(this))
  }
}

export class HeldSignal extends Activity implements LoopSignal {
  readonly name: NodeJS.Signals
  readonly #host: TimerHost
  readonly #f: (name: NodeJS.Signals) => void
  #forget: (() => void) | null

  /** `listen` calls its argument for each signal, until what it gives is called. */
  constructor(
    host: TimerHost,
    name: NodeJS.Signals,
    f: (name: NodeJS.Signals) => void,
    priority: number,
    listen: (told: () => void) => () => void,
  ) {
    super(priority)
    this.#host = host
    this.name = name
    this.#f = f
    this.#forget = listen(() => {
      host.agenda.activate(this, TOLD)
      host.changed(0)
    })
  }

  del(): void {
    this.active = 0
    this.#forget?.()
    this.#forget = null
  }

  fallDue(): void {}

  run(): void {
    contain(this.#host, () => this.#f(this.name))
  }
}

function contain(host: TimerHost, f: () => unknown): void {
  try {
    const result = f()
    if (isPromise(result)) {
      result.then(undefined, (error: unknown) => host.failed(error, null))
    }
  } catch (error) {
    host.failed(error, null)
  }
}

/** @throws HoldlineError ERR_OPTION_INVALID */
export function checkMs(option: string, ms: number): number {
  if (!(ms >= 0) || ms > 2 ** 31 - 1) throw invalid(option, ms)
  return ms
}

/** @throws HoldlineError ERR_OPTION_INVALID */
export function checkPriority(priority: number = DEFAULT_PRIORITY): number {
  if (!Number.isInteger(priority) || priority < 0 || priority >= PRIORITY_COUNT) {
    throw invalid('priority', `${priority}; 0 to ${PRIORITY_COUNT - 1}`)
  }
  return priority
}
