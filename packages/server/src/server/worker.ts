// A worker: one of several processes that run the same program. Serves as the supervisor says, and ends when it is
// asked to or when the supervisor is gone.

import cluster from 'node:cluster'
import { MeshDirectory } from '../brokers/process/mesh-place.ts'
import type { MeshPlace } from '../brokers/process/mesh-place.ts'
import { ProcessBroker } from '../brokers/process/process-broker.ts'
import { ProcessLinks } from '../brokers/process/process-links.ts'
import { ProcessMesh } from '../brokers/process/process-mesh.ts'
import { engineFor } from './choose-engine.ts'
import { LocalServer } from './local-server.ts'
import type { WorkerPlace } from './local-server.ts'
import { NameClient } from './name-client.ts'
import type { ResolvedOptions } from './options.ts'
import type { Server } from './server.ts'
import type {
  FromWorker,
  MeshInvitation,
  ToWorker,
  WorkerDrain,
  WorkerStart,
} from './worker-message.ts'
import { describeError, unwrap, workerName, wrap } from './worker-message.ts'

/** The environment variable in which a worker finds its place. */
export const WORKER_VARIABLE = 'HOLDLINE_WORKER'

/** The place of this process among the workers of a supervisor; null where there is none. Can be taken once. */
export function takeWorkerPlace(): WorkerPlace | null {
  const text = process.env[WORKER_VARIABLE]
  // Processes that the program starts itself inherit the variable, but not the place.
  if (text === undefined || !cluster.isWorker || !process.connected) return null
  delete process.env[WORKER_VARIABLE]
  return JSON.parse(text) as WorkerPlace
}

/**
 * Resolves when this worker listens. Where it cannot, the supervisor is told, whose `serve` rejects with the
 * reason, and this process ends without a word of its own.
 */
export function serveInWorker(options: ResolvedOptions, place: WorkerPlace): Promise<Server> {
  return new Worker(options, place).serve()
}

class Worker {
  readonly #options: ResolvedOptions
  readonly #place: WorkerPlace
  #server: LocalServer | null = null
  #links: ProcessLinks | null = null
  #ownBroker: ProcessBroker | null = null
  #mesh: ProcessMesh | null = null
  readonly #names = new NameClient((requests) => this.#tell({ kind: 'names', requests }))
  #directory: MeshDirectory | null = null
  #isEnding = false
  readonly #started = Promise.withResolvers<WorkerStart>()
  readonly #peers = Promise.withResolvers<readonly number[]>()

  constructor(options: ResolvedOptions, place: WorkerPlace) {
    this.#options = options
    this.#place = place
  }

  async serve(): Promise<Server> {
    // The terminal sends these to all of its processes; the supervisor decides what they mean.
    process.on('SIGINT', () => {})
    process.on('SIGHUP', () => {})
    if (this.#options.signals) process.on('SIGTERM', () => this.#tell({ kind: 'asked-to-end' }))
    process.on('message', (envelope) => {
      const message = unwrap<ToWorker>(envelope)
      if (message !== null) this.#told(message)
    })
    cluster.worker!.once('disconnect', () => this.#abandoned())
    this.#tell({ kind: 'hello' })
    try {
      return await this.#listen(await this.#started.promise)
    } catch (error) {
      return this.#fail({ kind: 'failed', ...describeError(error) })
    }
  }

  /** Never resolves: the process ends. */
  #fail(failed: FromWorker): Promise<never> {
    return new Promise(() => {
      if (process.connected) process.send!(wrap(failed), () => process.exit(1))
      else process.exit(1)
    })
  }

  async #listen({ port, reusePort, mesh }: WorkerStart): Promise<Server> {
    if (mesh !== null) this.#joinMesh(mesh)
    const { broker } = this.#options
    if (broker === null && this.#links !== null) this.#ownBroker = this.#brokerOver(this.#links)
    const options = { ...this.#options, broker: broker ?? this.#ownBroker }
    const engine = await engineFor(options)
    const server = new LocalServer(options, engine, { ...this.#place, mesh: this.#mesh })
    this.#server = server
    const listen = {
      ...options.listen,
      ...(port !== null && { port }),
      ...(reusePort && { reusePort }),
    }
    await server.start((chosen, acceptor) => chosen.listen(listen, acceptor))
    const { name, reason } = engine
    this.#tell({ kind: 'listening', address: server.address, engine: { name, reason } })
    return server
  }

  #joinMesh({ directory, token }: MeshInvitation): void {
    this.#directory = new MeshDirectory(directory)
    const place: MeshPlace = {
      id: this.#place.workerId,
      token,
      addressOf: this.#directory.addressOf,
      join: () => {
        this.#tell({ kind: 'join' })
        return this.#peers.promise
      },
      lost: (id, reason) => this.#tell({ kind: 'lost', id, reason }),
    }
    this.#links = new ProcessLinks(place)
    this.#mesh = new ProcessMesh(this.#links, this.#names)
  }

  #brokerOver(links: ProcessLinks): ProcessBroker {
    const { run } = this.#place
    return new ProcessBroker(
      links,
      run === undefined ? {} : { nameOf: (id) => workerName(run, id) },
    )
  }

  #told(message: ToWorker): void {
    if (message.kind === 'start') this.#started.resolve(message)
    else if (message.kind === 'peers') this.#peers.resolve(message.ids)
    else if (message.kind === 'left') void this.#workerLeft(message.workerId)
    else if (message.kind === 'owners') this.#names.answered(message.answers)
    else if (message.kind === 'stats') void this.#answerStats(message.ticket)
    else if (message.kind === 'shed') this.#shed(message)
    else void this.#end(message)
  }

  /** Told after the last that came of that worker; the supervisor has freed its names before it told us. */
  async #workerLeft(workerId: number): Promise<void> {
    await this.#links?.ended(workerId)
    // Whoever was just answered that this worker owns a name goes on before.
    await new Promise((resolve) => setImmediate(resolve))
    this.#mesh?.workerGone(workerId)
    this.#ownBroker?.ended(workerId)
    this.#server?.workerLeft(workerId)
  }

  async #answerStats(ticket: number): Promise<void> {
    if (this.#server === null) return
    this.#tell({ kind: 'stats', ticket, stats: await this.#server.stats() })
  }

  #shed({ kind: _, ...options }: ToWorker & { kind: 'shed' }): void {
    void this.#server?.shed(options)
  }

  /** Nobody is left to restart or to stop this worker: it ends in good order. */
  #abandoned(): void {
    // Or node:cluster would end the process before its connections are closed.
    cluster.worker!.exitedAfterDisconnect = true
    this.#directory?.remove()
    this.#mesh?.closeNames()
    const { graceMs } = this.#options
    void this.#end({ kind: 'drain', code: 1001, reason: '', graceMs, pauseMs: 0 })
  }

  async #end({ code, reason, graceMs, pauseMs }: WorkerDrain): Promise<void> {
    if (this.#isEnding) return
    this.#isEnding = true
    if (pauseMs > 0) {
      await this.#server?.retire()
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
    await this.#server?.close({ code, reason, graceMs })
    process.exit(0)
  }

  #tell(message: FromWorker): void {
    // A supervisor that died does not read it; that is told by 'disconnect'.
    if (process.connected) process.send!(wrap(message), () => {})
  }
}
