// Carries messages from one worker of the machine to another. What a turn sends to a worker leaves in one write. Knows
// no sockets, and not who answers for names.

import { MAX_MESH_MESSAGE_BYTES } from '../../connection/worker-mesh.ts'
import type { WorkerMesh, WorkerMeshListener } from '../../connection/worker-mesh.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import { MessageBatch, plainBytes } from './mesh-frame.ts'
import type { PeerLink } from './peer-link.ts'
import type { ProcessLinks } from './process-links.ts'

/** Who owns which name on this machine: whoever knows for sure which workers have ended. */
export interface Names {
  /** What is asked before is kept until then. */
  open(): void
  claim(name: string): Promise<number>
  release(name: string): void
  ownerOf(name: string): Promise<number | null>
  /** Refuses what was not answered. */
  close(): void
}

export interface ProcessMeshOptions {
  /** Bytes that wait for one worker above which `send` says 'queued'. Default 1 MiB. */
  readonly highBytes?: number
  /** Bytes below which `drained` is told. Default 256 KiB. */
  readonly lowBytes?: number
}

/** Gathered messages that leave before the turn is over. */
const EARLY_FLUSH_BYTES = 262_144

/** What goes to one worker. */
class Outgoing {
  readonly link: PeerLink
  readonly batch: MessageBatch = new MessageBatch()
  /** Bytes that were sent and are not with the kernel. */
  waitingBytes = 0
  /** Whether it is flushed at the end of the turn. */
  isDirty = false
  /** Whether somebody waits for `drained`. */
  isFull = false

  constructor(link: PeerLink) {
    this.link = link
  }
}

export class ProcessMesh implements WorkerMesh {
  readonly workerId: number
  readonly #links: ProcessLinks
  readonly #names: Names
  readonly #highBytes: number
  readonly #lowBytes: number
  #listener: WorkerMeshListener | null = null
  #started: Promise<void> | null = null
  #isStopped = false
  readonly #outgoing = new Map<number, Outgoing>()
  /** Answers that wait for the end of a worker that cannot be sent to any more. */
  readonly #ends = new Map<number, PromiseWithResolvers<void>>()
  /** Those that something was sent to in this turn. */
  #dirty: Outgoing[] = []

  constructor(links: ProcessLinks, names: Names, options: ProcessMeshOptions = {}) {
    this.workerId = links.id
    this.#links = links
    this.#names = names
    this.#highBytes = options.highBytes ?? 1_048_576
    this.#lowBytes = options.lowBytes ?? 262_144
  }

  start(listener: WorkerMeshListener): Promise<void> {
    if (this.#started !== null || this.#isStopped) {
      const detail = `worker ${this.workerId} was started before`
      return Promise.reject(new HoldlineError('ERR_MESH_STOPPED', detail))
    }
    this.#listener = listener
    this.#links.onMessage = this.#take
    this.#links.onGone.add((id) => this.#outgoing.delete(id))
    this.#started = this.#links.start().then(() => this.#names.open())
    // The server waits for it too: whoever does not want to know is not asked to.
    this.#started.catch(() => {})
    return this.#started
  }

  /** Resolves as `start` does, at once where nobody has called it. */
  get ready(): Promise<void> {
    return this.#started ?? Promise.resolve()
  }

  send(workerId: number, bytes: Uint8Array): 'sent' | 'queued' | 'gone' {
    const out = this.#outgoingTo(workerId)
    if (out === null) return 'gone'
    if (bytes.length > MAX_MESH_MESSAGE_BYTES) {
      throw new HoldlineError('ERR_MESH_MESSAGE_TOO_BIG', `${bytes.length} bytes`)
    }
    const before = out.batch.length
    out.batch.append(bytes)
    out.waitingBytes += out.batch.length - before
    if (!out.isDirty) {
      out.isDirty = true
      if (this.#dirty.push(out) === 1) setImmediate(this.#flushAll)
    }
    if (out.batch.length >= EARLY_FLUSH_BYTES) this.#flush(out)
    if (out.waitingBytes <= this.#highBytes) return 'sent'
    out.isFull = true
    return 'queued'
  }

  claim(name: string): Promise<number> {
    if (!this.#isRunning) return refused()
    return this.#reachable(this.#names.claim(name), () => this.claim(name))
  }

  release(name: string): void {
    if (this.#isRunning) this.#names.release(name)
  }

  ownerOf(name: string): Promise<number | null> {
    if (!this.#isRunning) return refused()
    return this.#reachable(this.#names.ownerOf(name), () => this.ownerOf(name))
  }

  /** That worker has ended, its names are free, and nothing more can come from it. */
  workerGone(workerId: number): void {
    this.#ends.get(workerId)?.resolve()
    this.#ends.delete(workerId)
    this.#tell((it) => it.workerGone(workerId))
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#flushAll()
    this.#listener = null
    this.closeNames()
    if (this.#started !== null) await this.#links.stop()
  }

  /** Nobody is left who knows of names: whoever waits for an answer is refused. */
  closeNames(): void {
    this.#names.close()
    for (const end of this.#ends.values()) end.reject(new HoldlineError('ERR_MESH_STOPPED'))
    this.#ends.clear()
  }

  /** The answer, where its owner can be sent to; else what is answered when that worker has ended. */
  async #reachable<Answer extends number | null>(
    asked: Promise<Answer>,
    askAgain: () => Promise<Answer>,
  ): Promise<Answer> {
    const owner = await asked
    if (owner === null || owner === this.workerId) return owner
    if (this.#links.all.get(owner)?.isOpen === true) return owner
    let end = this.#ends.get(owner)
    if (end === undefined) {
      end = Promise.withResolvers<void>()
      this.#ends.set(owner, end)
    }
    await end.promise
    return askAgain()
  }

  get #isRunning(): boolean {
    return this.#listener !== null
  }

  #outgoingTo(workerId: number): Outgoing | null {
    if (!this.#isRunning) return null
    const known = this.#outgoing.get(workerId)
    if (known !== undefined) return known.link.isOpen ? known : null
    // 0 is the supervisor: it takes part in publications only.
    const link = workerId === 0 ? undefined : this.#links.all.get(workerId)
    if (link === undefined || !link.isOpen) return null
    const out = new Outgoing(link)
    this.#outgoing.set(workerId, out)
    return out
  }

  readonly #flushAll = (): void => {
    const dirty = this.#dirty
    this.#dirty = []
    for (const out of dirty) {
      out.isDirty = false
      if (out.batch.length > 0) this.#flush(out)
    }
  }

  #flush(out: Outgoing): void {
    const bytes = out.batch.take()
    const { length } = bytes
    out.link.write(bytes, () => {
      out.waitingBytes -= length
      if (!out.isFull || out.waitingBytes >= this.#lowBytes || !out.link.isOpen) return
      out.isFull = false
      this.#tell((it) => it.drained(out.link.id))
    })
  }

  // What one call throws must not take the next frame away.
  readonly #take = (
    from: number,
    _kind: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): boolean => {
    try {
      this.#listener?.message(from, plainBytes(bytes, start, end))
    } catch (error) {
      reportUncaught(error)
    }
    return true
  }

  #tell(f: (listener: WorkerMeshListener) => void): void {
    if (this.#listener === null) return
    try {
      f(this.#listener)
    } catch (error) {
      reportUncaught(error)
    }
  }
}

/** The process's affair, as where a listener of an event throws. */
function reportUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}

function refused(): Promise<never> {
  return Promise.reject(new HoldlineError('ERR_MESH_STOPPED'))
}
