// Owns which worker processes there are: starts them, starts others in the place of those that ended, replaces
// them one by one, and ends them. Knows neither sockets nor how a process is made.
//
// Rule 1: a worker has a number that no other ever has. A slot is a place for one worker that serves; while it is
//         being replaced, the new one and the old one are there at once.
// Rule 2: whoever ends without having been asked to is replaced, as often as the restart policy allows.
// Rule 3: whoever was asked to end and has not within its grace and a margin is killed.

import type { CancelTimer, Clock } from '../connection/clock.ts'
import { HoldlineError } from '../protocol/errors.ts'
import type { LostReason } from '../brokers/process/mesh-place.ts'
import { NameRegistry } from './name-registry.ts'
import type { ResolvedOptions } from './options.ts'
import { RestartPolicy } from './restart-policy.ts'
import type { ShedOptions } from './server.ts'
import type { ServerStats } from './statistics.ts'
import type {
  FromWorker,
  MeshInvitation,
  NameRequest,
  ToWorker,
  WorkerListening,
} from './worker-message.ts'
import { reviveError } from './worker-message.ts'

/** A process, as the supervisor sees it. */
export interface WorkerProcess {
  readonly pid: number
  send(message: ToWorker): void
  kill(): void
}

export interface WorkerEvents {
  said(message: FromWorker): void
  /** Called once, after the last `said`. `how` ends the sentence "worker 1 …". */
  ended(how: string): void
}

export type Fork = (workerId: number, events: WorkerEvents) => WorkerProcess

export interface SupervisorContext {
  readonly fork: Fork
  readonly clock: Clock
  readonly options: Pick<ResolvedOptions, 'processCount' | 'restart' | 'graceMs' | 'logger'>
  /** The port that workers listen on: 0 lets the first of them find one, null is for a socket file. */
  readonly port: number | null
  readonly reusePort: boolean
  /** With the processes that have joined it before any worker does. */
  readonly mesh: (MeshInvitation & { readonly joined: readonly number[] }) | null
  /** A worker is gone. */
  left(workerId: number): void
  /** Workers end more often than is allowed: the rest has to be stopped. */
  gaveUp(error: HoldlineError): void
}

export interface StopOptions {
  readonly code: number
  readonly reason: string
  readonly graceMs: number
}

interface Worker {
  readonly id: number
  readonly slot: Slot
  process: WorkerProcess
  state: 'starting' | 'listening' | 'draining'
  failure: Error | null
  readonly listening: PromiseWithResolvers<WorkerListening>
  readonly ended: PromiseWithResolvers<void>
  cancelKill: CancelTimer | null
}

interface Slot {
  readonly index: number
  /** Who serves here, or is about to. */
  current: Worker | null
  cancelRestart: CancelTimer | null
}

/** Beyond the grace, for a worker to end its own business. */
const MARGIN_MS = 2_000
/** How long a worker whose line to another one broke may take to be found dead. */
const DEATH_MS = 1_000
/** How long lines that a worker accepted just before it was replaced have to send their request. */
const LAST_REQUESTS_MS = 500
const STATS_MS = 1_000

export class Supervisor {
  readonly #context: SupervisorContext
  readonly #policy: RestartPolicy
  readonly #slots: readonly Slot[]
  readonly #workers = new Map<number, Worker>()
  readonly #joined: Set<number>
  readonly #names = new NameRegistry()
  #lastId = 0
  #port: number | null
  /** The worker that looks for a port, and those that wait for what it finds. */
  #finder: Worker | null = null
  #waitForPort: Worker[] = []
  #isStarting = true
  #isStopping = false
  #replacing: Promise<void> = Promise.resolve()
  readonly #statsTickets = new Map<number, (stats: ServerStats | null, of: number) => void>()
  #lastTicket = 0

  constructor(context: SupervisorContext) {
    this.#context = context
    this.#policy = new RestartPolicy(context.options.restart)
    this.#slots = Array.from({ length: context.options.processCount }, (_, index) => ({
      index,
      current: null,
      cancelRestart: null,
    }))
    this.#joined = new Set(context.mesh?.joined)
    this.#port = context.port
  }

  /**
   * Resolves when every worker listens.
   *
   * @throws HoldlineError ERR_WORKER_START, with the worker's own error as its cause; no worker is left then.
   */
  async start(): Promise<WorkerListening> {
    const workers = this.#slots.map((slot) => {
      slot.current = this.#fork(slot)
      return slot.current
    })
    try {
      const [first] = await Promise.all(workers.map(({ listening }) => listening.promise))
      this.#isStarting = false
      return first!
    } catch (error) {
      await this.stop({ code: 1001, reason: '', graceMs: 0 })
      throw error
    }
  }

  /** Replaces the workers one by one: each is asked to end when its successor listens. */
  reload(): Promise<void> {
    return this.#inTurn(async () => {
      for (const slot of this.#slots) if (!(await this.#replace(slot))) return
    })
  }

  /** Ends all workers; resolves when none is left. */
  async stop(options: StopOptions): Promise<void> {
    this.#isStopping = true
    for (const slot of this.#slots) slot.cancelRestart?.()
    const workers = [...this.#workers.values()]
    for (const worker of workers) this.#drain(worker, { ...options, pauseMs: 0 })
    await Promise.all(workers.map(({ ended }) => ended.promise))
  }

  /** Ends all workers at once. */
  kill(): void {
    this.#isStopping = true
    for (const slot of this.#slots) slot.cancelRestart?.()
    for (const { process } of this.#workers.values()) process.kill()
  }

  /** Each worker that serves sends this part of its connections away. */
  shed(options: ShedOptions): void {
    for (const { state, process } of this.#workers.values()) {
      if (state === 'listening') process.send({ kind: 'shed', ...options })
    }
  }

  /** The counters of the workers that answer within a second. */
  stats(): Promise<ServerStats[]> {
    const asked = [...this.#workers.values()].filter(({ state }) => state !== 'starting')
    const missing = new Set(asked.map(({ id }) => id))
    const answers: ServerStats[] = []
    if (missing.size === 0) return Promise.resolve(answers)
    const ticket = ++this.#lastTicket
    return new Promise((resolve) => {
      const done = (): void => {
        cancel()
        this.#statsTickets.delete(ticket)
        resolve(answers)
      }
      const cancel = this.#context.clock.setTimer(STATS_MS, done)
      this.#statsTickets.set(ticket, (stats, of) => {
        if (missing.delete(of) && stats !== null) answers.push(stats)
        if (missing.size === 0) done()
      })
      for (const { process } of asked) process.send({ kind: 'stats', ticket })
    })
  }

  /** A process of the mesh was given up by another one. */
  lost(id: number, reason: LostReason, by: number): void {
    // A worker that cannot reach the supervisor is the one to go.
    const worker = this.#workers.get(id === 0 ? by : id)
    // Whoever drains is about to end, and lets go of the others.
    if (worker === undefined || worker.state === 'draining' || this.#isStopping) return
    if (this.#workers.get(by)?.state === 'draining') return
    if (reason !== 'line') {
      const what = reason === 'stuck' ? 'takes nothing from others' : 'sends malformed frames'
      this.#context.options.logger?.error(`holdline: worker ${worker.id} ${what}; it is killed`)
      worker.process.kill()
      return
    }
    this.#context.clock.setTimer(DEATH_MS, () => {
      if (this.#workers.get(worker.id) !== worker || worker.state === 'draining') return
      const line = `worker ${worker.id} cannot be reached by worker ${by}`
      this.#context.options.logger?.error(`holdline: ${line}; it is killed`)
      worker.process.kill()
    })
  }

  // --- Starting

  #fork(slot: Slot): Worker {
    const worker: Worker = {
      id: ++this.#lastId,
      slot,
      process: null as never,
      state: 'starting',
      failure: null,
      listening: Promise.withResolvers<WorkerListening>(),
      ended: Promise.withResolvers<void>(),
      cancelKill: null,
    }
    // Whoever waits for it hears of the failure; a restart has nobody waiting.
    worker.listening.promise.catch(() => {})
    this.#workers.set(worker.id, worker)
    worker.process = this.#context.fork(worker.id, {
      said: (message) => this.#said(worker, message),
      ended: (how) => this.#ended(worker, how),
    })
    return worker
  }

  #said(worker: Worker, message: FromWorker): void {
    if (message.kind === 'hello') this.#place(worker)
    else if (message.kind === 'join') {
      worker.process.send({ kind: 'peers', ids: [...this.#joined] })
      this.#joined.add(worker.id)
    } else if (message.kind === 'names') this.#asked(worker, message.requests)
    else if (message.kind === 'listening') this.#listens(worker, message)
    else if (message.kind === 'failed') {
      worker.failure = reviveError(message.code, message.detail)
    } else if (message.kind === 'lost') this.lost(message.id, message.reason, worker.id)
    else if (message.kind === 'stats') {
      this.#statsTickets.get(message.ticket)?.(message.stats, worker.id)
    } else if (worker.slot.current === worker && worker.state === 'listening') {
      void this.#inTurn(() => this.#replace(worker.slot, worker))
    }
  }

  #asked(worker: Worker, requests: readonly NameRequest[]): void {
    const answers = this.#names.answer(worker.id, requests)
    if (answers.length > 0) worker.process.send({ kind: 'owners', answers })
  }

  #place(worker: Worker): void {
    if (this.#port === 0 && this.#finder !== null) {
      this.#waitForPort.push(worker)
      return
    }
    if (this.#port === 0) this.#finder = worker
    const { reusePort, mesh } = this.#context
    const invitation = mesh === null ? null : { directory: mesh.directory, token: mesh.token }
    worker.process.send({ kind: 'start', port: this.#port, reusePort, mesh: invitation })
  }

  #listens(worker: Worker, message: WorkerListening): void {
    if (worker.state === 'starting') worker.state = 'listening'
    if (this.#finder === worker) {
      this.#finder = null
      if ('port' in message.address) this.#port = message.address.port
      const waiting = this.#waitForPort
      this.#waitForPort = []
      for (const other of waiting) this.#place(other)
    }
    worker.listening.resolve(message)
  }

  // --- Ending

  #drain(worker: Worker, options: Omit<ToWorker & { kind: 'drain' }, 'kind'>): void {
    worker.state = 'draining'
    worker.process.send({ kind: 'drain', ...options })
    worker.cancelKill?.()
    const patienceMs = options.pauseMs + options.graceMs + MARGIN_MS
    worker.cancelKill = this.#context.clock.setTimer(patienceMs, () => {
      this.#context.options.logger?.warn(`holdline: worker ${worker.id} does not end; it is killed`)
      worker.process.kill()
    })
  }

  #ended(worker: Worker, how: string): void {
    worker.cancelKill?.()
    this.#workers.delete(worker.id)
    this.#joined.delete(worker.id)
    // Before anybody is told: whoever hears of it may claim them.
    this.#names.workerEnded(worker.id)
    this.#waitForPort = this.#waitForPort.filter((other) => other !== worker)
    for (const answered of this.#statsTickets.values()) answered(null, worker.id)
    for (const { process } of this.#workers.values()) {
      process.send({ kind: 'left', workerId: worker.id })
    }
    this.#context.left(worker.id)
    const reason = worker.failure ?? new Error(`it ${how}`)
    const detail = `worker ${worker.id}: ${reason.message}`
    worker.listening.reject(new HoldlineError('ERR_WORKER_START', detail, { cause: reason }))
    worker.ended.resolve()
    const { slot } = worker
    if (slot.current !== worker) return
    slot.current = null
    if (worker.state !== 'draining' && !this.#isStopping && !this.#isStarting) {
      this.#restart(slot, detail)
    }
  }

  #restart(slot: Slot, detail: string): void {
    const { clock, options } = this.#context
    const pauseMs = this.#policy.ended(slot.index, clock.now())
    if (pauseMs === null) {
      this.#isStopping = true
      this.#context.gaveUp(new HoldlineError('ERR_WORKER_RESTARTS', detail))
      return
    }
    options.logger?.warn(`holdline: ${detail}; another one starts in ${pauseMs} ms`)
    slot.cancelRestart = clock.setTimer(pauseMs, () => {
      slot.cancelRestart = null
      if (!this.#isStopping) slot.current = this.#fork(slot)
    })
  }

  // --- Replacing

  /** One after the other, whoever asks. */
  #inTurn(task: () => Promise<unknown>): Promise<void> {
    this.#replacing = this.#replacing.then(async () => {
      await task()
    })
    return this.#replacing
  }

  /** Puts a new worker into a slot; `only` where it is to be in the place of that one. False: there is none. */
  async #replace(slot: Slot, only?: Worker): Promise<boolean> {
    if (this.#isStopping) return false
    if (only !== undefined && slot.current !== only) return true
    const successor = this.#fork(slot)
    try {
      await successor.listening.promise
    } catch (error) {
      const { logger } = this.#context.options
      if (!this.#isStopping)
        logger?.error(`holdline: workers are kept as they are. ${String(error)}`)
      return false
    }
    // Stopped meanwhile: all workers have been asked to end.
    if (this.#isStopping) return false
    const old = slot.current
    slot.cancelRestart?.()
    slot.cancelRestart = null
    slot.current = successor
    if (old === null) return true
    const { graceMs } = this.#context.options
    const reason = 'The server restarts'
    this.#drain(old, { code: 1012, reason, graceMs, pauseMs: LAST_REQUESTS_MS })
    await old.ended.promise
    return true
  }
}
