// Workers of one machine that are all in this process, for tests: what they send arrives at the end of the turn, or one
// thing at a time by hand, so that a test can drive every order in which things may happen. Knows no process.
//
// A line leads from one worker to another; those from and to REGISTRY carry what is asked of names, and who ended.
// Each line keeps its order; between lines there is none.

import { MAX_MESH_MESSAGE_BYTES, MAX_NAME_LENGTH, MAX_NAMES } from '../connection/worker-mesh.ts'
import type { WorkerMesh, WorkerMeshListener } from '../connection/worker-mesh.ts'
import { HoldlineError } from '../protocol/errors.ts'

export interface MemoryMeshOptions {
  /** `'turn-end'` (the default): what a turn sends arrives at its end. `'by-hand'`: it waits for `deliver`. */
  readonly delivery?: 'turn-end' | 'by-hand'
  /** Bytes on one line above which `send` says 'queued'. Default 1 MiB. */
  readonly highBytes?: number
  /** Bytes on one line below which `drained` is told. Default 256 KiB. */
  readonly lowBytes?: number
  /** Most names at a time. Default 1,000,000. */
  readonly maxNames?: number
  /** Default `setImmediate`. */
  readonly atTurnEnd?: (f: () => void) => void
}

/** The other end of lines that carry what is asked of names, and who ended. */
export const REGISTRY = 0

/** Something waits on this line. */
export interface MemoryMeshLine {
  readonly from: number
  readonly to: number
}

type Parcel =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'asked'; readonly ask: () => () => void }
  | { readonly kind: 'answer'; readonly answer: () => void }
  | { readonly kind: 'left'; readonly workerId: number }
  | { readonly kind: 'gone' }

class Line implements MemoryMeshLine {
  readonly from: number
  readonly to: number
  parcels: Parcel[] = []
  bytes = 0
  /** Whether a sender waits for `drained`. */
  isFull = false

  constructor(from: number, to: number) {
    this.from = from
    this.to = to
  }
}

export class MemoryMesh {
  readonly highBytes: number
  readonly lowBytes: number
  readonly #isByHand: boolean
  readonly #maxNames: number
  readonly #atTurnEnd: (f: () => void) => void
  readonly #workers = new Map<number, MemoryWorker>()
  readonly #lines = new Map<string, Line>()
  readonly #owners = new Map<string, number>()
  #isScheduled = false

  constructor(options: MemoryMeshOptions = {}) {
    this.#isByHand = options.delivery === 'by-hand'
    this.highBytes = options.highBytes ?? 1_048_576
    this.lowBytes = options.lowBytes ?? 262_144
    this.#maxNames = options.maxNames ?? MAX_NAMES
    this.#atTurnEnd = options.atTurnEnd ?? setImmediate
  }

  /** The end of a worker, made when first asked for. */
  worker(id: number): WorkerMesh {
    let worker = this.#workers.get(id)
    if (worker === undefined) {
      worker = new MemoryWorker(this, id)
      this.#workers.set(id, worker)
    }
    return worker
  }

  /**
   * Ends a worker at once. Of what it sent and nobody has heard, only the first `keep` on each line arrive; all of it
   * unless set, as after a kill with everything with the kernel.
   */
  kill(id: number, keep: number = Infinity): void {
    const worker = this.#workers.get(id)
    if (worker === undefined || worker.isDead) return
    worker.die()
    for (const [name, owner] of this.#owners) if (owner === id) this.#owners.delete(name)
    for (const line of this.#lines.values()) {
      if (line.to === id || (line.from === id && line.to === REGISTRY)) line.parcels = []
      else if (line.from === id) line.parcels = line.parcels.slice(0, keep)
      line.bytes = 0
      for (const each of line.parcels) if (each.kind === 'bytes') line.bytes += each.bytes.length
    }
    for (const other of this.#workers.values()) {
      if (other.isStarted) this.put(REGISTRY, other.workerId, { kind: 'left', workerId: id })
    }
  }

  /** Lines on which something waits: for a test that chooses what happens next. */
  get waiting(): readonly MemoryMeshLine[] {
    return [...this.#lines.values()].filter(({ parcels }) => parcels.length > 0)
  }

  /** Delivers the first thing on a line, or, without one, all that waits; false: nothing did. */
  deliver(line?: MemoryMeshLine): boolean {
    if (line !== undefined) return this.#deliverFirst(this.#line(line.from, line.to))
    let didAny = false
    for (let waiting = this.waiting; waiting.length > 0; waiting = this.waiting) {
      for (const each of waiting) didAny = this.deliver(each) || didAny
    }
    return didAny
  }

  /** Delivers until nothing waits, with time for whoever is answered to go on. */
  async settle(): Promise<void> {
    do {
      for (const line of this.waiting) this.deliver(line)
      await new Promise((resolve) => setImmediate(resolve))
    } while (this.waiting.length > 0)
  }

  // --- What its workers call

  /** Whether a worker hears what is sent to it. */
  hears(id: number): boolean {
    return this.#workers.get(id)?.isStarted === true
  }

  /** Answers with the bytes that wait on the line then. */
  put(from: number, to: number, parcel: Parcel): number {
    const line = this.#line(from, to)
    line.parcels.push(parcel)
    if (parcel.kind === 'bytes') line.bytes += parcel.bytes.length
    if (line.bytes > this.highBytes) line.isFull = true
    this.#schedule()
    return line.bytes
  }

  claimFor(id: number, name: string): number {
    const owner = this.#owners.get(name)
    if (owner !== undefined) return owner
    if (this.#owners.size >= this.#maxNames) throw new HoldlineError('ERR_WORKER_NAMES')
    this.#owners.set(name, id)
    return id
  }

  releaseFor(id: number, name: string): void {
    if (this.#owners.get(name) === id) this.#owners.delete(name)
  }

  ownerOf(name: string): number | null {
    return this.#owners.get(name) ?? null
  }

  // --- Delivery

  #line(from: number, to: number): Line {
    const key = `${from}>${to}`
    let line = this.#lines.get(key)
    if (line === undefined) {
      line = new Line(from, to)
      this.#lines.set(key, line)
    }
    return line
  }

  #schedule(): void {
    if (this.#isByHand || this.#isScheduled) return
    this.#isScheduled = true
    this.#atTurnEnd(this.#turnEnded)
  }

  readonly #turnEnded = (): void => {
    this.#isScheduled = false
    for (const line of this.waiting as Line[]) {
      for (let left = line.parcels.length; left > 0 && line.parcels.length > 0; left--) {
        const { kind } = line.parcels[0]!
        this.#deliverFirst(line)
        // Whoever was answered goes on before it is told who is gone.
        if (kind === 'answer' && line.parcels[0]?.kind === 'left') break
      }
    }
    if (this.waiting.length > 0) this.#schedule()
  }

  #deliverFirst(line: Line): boolean {
    const parcel = line.parcels.shift()
    if (parcel === undefined) return false
    const receiver = this.#workers.get(line.to)
    if (parcel.kind === 'bytes') {
      line.bytes -= parcel.bytes.length
      receiver?.heard(line.from, parcel.bytes)
      if (line.isFull && line.bytes < this.lowBytes) {
        line.isFull = false
        this.#workers.get(line.from)?.drained(line.to)
      }
    } else if (parcel.kind === 'asked') {
      const answer = parcel.ask()
      this.put(REGISTRY, line.from, { kind: 'answer', answer })
    } else if (parcel.kind === 'answer') parcel.answer()
    else if (parcel.kind === 'gone') receiver?.gone(line.from)
    else {
      // After everything that it said.
      const last = this.#line(parcel.workerId, line.to)
      if (last.parcels.length === 0) receiver?.gone(parcel.workerId)
      else last.parcels.push({ kind: 'gone' })
    }
    return true
  }
}

class MemoryWorker implements WorkerMesh {
  readonly workerId: number
  readonly #mesh: MemoryMesh
  #listener: WorkerMeshListener | null = null
  #wasStarted = false
  isDead = false
  readonly #ends = new Map<number, PromiseWithResolvers<void>>()
  /** What it asked and was not answered. */
  readonly #refusals = new Set<(error: Error) => void>()

  constructor(mesh: MemoryMesh, id: number) {
    this.#mesh = mesh
    this.workerId = id
  }

  get isStarted(): boolean {
    return this.#listener !== null
  }

  start(listener: WorkerMeshListener): Promise<void> {
    if (this.#wasStarted || this.isDead) {
      const detail = `worker ${this.workerId} was started before`
      return Promise.reject(new HoldlineError('ERR_MESH_STOPPED', detail))
    }
    this.#wasStarted = true
    this.#listener = listener
    return Promise.resolve()
  }

  send(workerId: number, bytes: Uint8Array): 'sent' | 'queued' | 'gone' {
    if (bytes.length > MAX_MESH_MESSAGE_BYTES) {
      throw new HoldlineError('ERR_MESH_MESSAGE_TOO_BIG', `${bytes.length} bytes`)
    }
    const isOther = workerId !== this.workerId && this.#mesh.hears(workerId)
    if (!this.isStarted || !isOther) return 'gone'
    const waiting = this.#mesh.put(this.workerId, workerId, {
      kind: 'bytes',
      bytes: Uint8Array.from(bytes),
    })
    return waiting > this.#mesh.highBytes ? 'queued' : 'sent'
  }

  claim(name: string): Promise<number> {
    return this.#ask(name, () => this.#mesh.claimFor(this.workerId, name)).then((owner) =>
      this.#reaches(owner) ? owner : this.#askLater(owner, () => this.claim(name)),
    )
  }

  release(name: string): void {
    if (!this.isStarted) return
    this.#ask(name, () => this.#mesh.releaseFor(this.workerId, name)).catch(() => {})
  }

  ownerOf(name: string): Promise<number | null> {
    return this.#ask(name, () => this.#mesh.ownerOf(name)).then((owner) =>
      owner === null || this.#reaches(owner)
        ? owner
        : this.#askLater(owner, () => this.ownerOf(name)),
    )
  }

  /** As a worker does that ends in good order: to the others it is gone behind all that it sent. */
  stop(): Promise<void> {
    this.#mesh.kill(this.workerId)
    return Promise.resolve()
  }

  // --- What the mesh calls

  heard(from: number, bytes: Uint8Array): void {
    this.#tell((listener) => listener.message(from, bytes))
  }

  drained(workerId: number): void {
    this.#tell((listener) => listener.drained(workerId))
  }

  gone(workerId: number): void {
    this.#ends.get(workerId)?.resolve()
    this.#ends.delete(workerId)
    this.#tell((listener) => listener.workerGone(workerId))
  }

  die(): void {
    this.isDead = true
    this.#listener = null
    for (const refuse of this.#refusals) refuse(new HoldlineError('ERR_MESH_STOPPED'))
    this.#refusals.clear()
    for (const end of this.#ends.values()) end.reject(new HoldlineError('ERR_MESH_STOPPED'))
  }

  #reaches(workerId: number): boolean {
    return workerId === this.workerId || this.#mesh.hears(workerId)
  }

  async #askLater<Answer>(workerId: number, ask: () => Promise<Answer>): Promise<Answer> {
    let end = this.#ends.get(workerId)
    if (end === undefined) {
      end = Promise.withResolvers<void>()
      this.#ends.set(workerId, end)
    }
    await end.promise
    return ask()
  }

  #tell(f: (listener: WorkerMeshListener) => void): void {
    if (this.#listener === null) return
    try {
      f(this.#listener)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }

  #ask<Answer>(name: string, look: () => Answer): Promise<Answer> {
    if (!this.isStarted) return Promise.reject(new HoldlineError('ERR_MESH_STOPPED'))
    if (name.length === 0 || name.length > MAX_NAME_LENGTH) {
      return Promise.reject(new HoldlineError('ERR_WORKER_NAME', `${name.length} characters`))
    }
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    this.#refusals.add(reject)
    const ask = (): (() => void) => {
      const answered = settled(look)
      return () => {
        this.#refusals.delete(reject)
        if ('error' in answered) reject(answered.error)
        else resolve(answered.answer)
      }
    }
    this.#mesh.put(this.workerId, REGISTRY, { kind: 'asked', ask })
    return promise
  }
}

function settled<Answer>(look: () => Answer): { answer: Answer } | { error: unknown } {
  try {
    return { answer: look() }
  } catch (error) {
    return { error }
  }
}
