// Carries publications between the processes of one machine: each writes to each, over sockets in a directory
// that only their user can enter. What a turn publishes leaves in one write for each process.
//
// Rule 1: a publication is for all processes or for none: it is refused before anybody has it.
// Rule 2: a process that takes nothing is given up and reported, never skipped.

import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { HoldlineError } from '../../protocol/errors.ts'
import type { Broker, Deliver, PublishedMessage } from '../../topics/broker.ts'
import { controlFrame, FrameKind, PublicationBatch, PublicationDecoder } from './mesh-frame.ts'
import type { LostReason, MeshPlace } from './mesh-place.ts'
import { IncomingLine, PeerLink } from './peer-link.ts'

export interface ProcessBrokerOptions {
  /** Most bytes that wait for one process; beyond it publications are refused. Default 64 MiB. */
  readonly backlogBytes?: number
  /** Milliseconds in which a process has to take something, or it is given up. Default 10,000. */
  readonly stuckMs?: number
  /** False: publishes only, until `hear` is called. Default true. */
  readonly hears?: boolean
}

/** The format of the mesh; processes of different formats do not talk. */
const VERSION = 1

/** Gathered publications that leave before the turn is over. */
const EARLY_FLUSH_BYTES = 1_048_576

/** Milliseconds for the last bytes of a process that stops. */
const GOODBYE_MS = 1_000

const DONE = Promise.resolve()

/** The publications of one turn: one promise for all of them. */
interface Handover extends PromiseWithResolvers<void> {
  pending: number
  error: HoldlineError | null
}

export class ProcessBroker implements Broker {
  readonly name = 'process'
  readonly #place: MeshPlace
  readonly #backlogBytes: number
  readonly #stuckMs: number
  #hears: boolean
  #deliver: Deliver | null = null
  #server: Server | null = null
  readonly #links = new Map<number, PeerLink>()
  readonly #strangers = new Set<Socket>()
  readonly #batch = new PublicationBatch()
  readonly #decoder = new PublicationDecoder()
  #handover: Handover | null = null
  #flushScheduled = false
  #isStopped = false

  constructor(place: MeshPlace, options: ProcessBrokerOptions = {}) {
    this.#place = place
    this.#backlogBytes = options.backlogBytes ?? 67_108_864
    this.#stuckMs = options.stuckMs ?? 10_000
    this.#hears = options.hears ?? true
  }

  /** Processes that publications go to now, this one not counted. */
  get peerIds(): number[] {
    return [...this.#links.keys()]
  }

  /** Resolves when this process and all that started before it hear one another. */
  async start(deliver: Deliver): Promise<void> {
    this.#deliver = deliver
    this.#server = await this.#listen()
    const others = await this.#place.join()
    const links = others.map((id) => this.#links.get(id) ?? this.#dial(id))
    await Promise.all(links.map((link) => this.#answer(link)))
  }

  publish(topic: string, message: PublishedMessage): Promise<void> {
    if (this.#deliver === null)
      return Promise.reject(new HoldlineError('ERR_BROKER_STOPPED', topic))
    let done = DONE
    if (this.#links.size > 0) {
      const full = this.#fullLink(message.length)
      if (full !== null) {
        return Promise.reject(new HoldlineError('ERR_BROKER_BACKLOG', `process ${full.id}`))
      }
      const refusal = this.#batch.append(topic, message)
      if (refusal !== null) return Promise.reject(refusal)
      this.#handover ??= { ...Promise.withResolvers<void>(), pending: 0, error: null }
      done = this.#handover.promise
      if (this.#batch.length >= EARLY_FLUSH_BYTES) this.#flush()
      else this.#schedule()
    }
    this.#deliver(topic, message)
    return done
  }

  /** Publications from now on are wanted here too. */
  hear(): void {
    if (this.#hears) return
    this.#hears = true
    for (const link of this.#links.values()) link.write(controlFrame(FrameKind.HEAR))
  }

  /** Resolves when nothing more can come from that process: all that it published was delivered. */
  async peerGone(id: number): Promise<void> {
    await this.#links.get(id)?.whenGone
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#flush()
    this.#deliver = null
    this.#server?.close()
    for (const socket of this.#strangers) socket.destroy()
    const links = [...this.#links.values()]
    await Promise.all(links.map((link) => link.leave(GOODBYE_MS)))
    for (const link of links) link.destroy()
  }

  // --- Who is there

  #listen(): Promise<Server> {
    return new Promise((resolve, reject) => {
      const server = createServer((socket) => this.#called(socket))
      server.once('error', (error) => {
        const detail = `${this.#place.addressOf(this.#place.id)}: ${error.message}`
        reject(new HoldlineError('ERR_BROKER_START', detail, { cause: error }))
      })
      // Exclusive: in a worker of node:cluster it would be the primary's socket otherwise.
      server.listen({ path: this.#place.addressOf(this.#place.id), exclusive: true }, () => {
        resolve(server)
      })
    })
  }

  #dial(id: number): PeerLink {
    const out = connect(this.#place.addressOf(id))
    const link = new PeerLink(id, out, this.#stuckMs, this)
    this.#links.set(id, link)
    const hello = [VERSION, this.#place.id, this.#hears ? 1 : 0, this.#place.token].join(' ')
    link.write(controlFrame(FrameKind.HELLO, hello))
    return link
  }

  async #answer(link: PeerLink): Promise<void> {
    const timer = setTimeout(() => link.cut('line'), this.#stuckMs)
    await link.answered
    clearTimeout(timer)
  }

  #called(socket: Socket): void {
    this.#strangers.add(socket)
    socket.on('close', () => this.#strangers.delete(socket))
    new IncomingLine(socket, this.#stuckMs, (hello) => {
      const link = this.#greet(hello)
      if (link !== null) this.#strangers.delete(socket)
      return link
    })
  }

  #greet(hello: string): PeerLink | null {
    const [version, idText = '', hears, token = ''] = hello.split(' ')
    const id = Number(idText)
    if (version !== String(VERSION) || !/^\d{1,9}$/.test(idText)) return null
    if (this.#isStopped || !isSame(token, this.#place.token) || id === this.#place.id) return null
    const known = this.#links.get(id)
    if (known?.hasIncoming === true) return null
    const link = known ?? this.#dial(id)
    link.hears = hears === '1'
    return link
  }

  // --- What the links call

  frame(_link: PeerLink, kind: number, bytes: Buffer, start: number, end: number): boolean {
    if (kind !== FrameKind.TEXT && kind !== FrameKind.BINARY) return false
    const deliver = this.#deliver
    return deliver === null || this.#decoder.decode(kind, bytes, start, end, deliver)
  }

  gone(link: PeerLink, reason: LostReason | null): void {
    this.#links.delete(link.id)
    if (reason !== null && !this.#isStopped) this.#place.lost(link.id, reason)
  }

  // --- What leaves

  /** The process whose backlog has no room for so many bytes more. */
  #fullLink(count: number): PeerLink | null {
    const room = this.#backlogBytes - this.#batch.length - count
    for (const link of this.#links.values()) {
      const { backlogBytes } = link
      // One publication on an empty backlog is always taken, so a long one cannot be refused for ever.
      if (backlogBytes > room && backlogBytes > 0 && link.hears) return link
    }
    return null
  }

  #schedule(): void {
    if (this.#flushScheduled) return
    this.#flushScheduled = true
    setImmediate(this.#flush)
  }

  readonly #flush = (): void => {
    this.#flushScheduled = false
    const handover = this.#handover
    if (handover === null) return
    this.#handover = null
    const bytes = this.#batch.take()
    const written = (error: HoldlineError | null): void => {
      handover.error ??= error
      if (--handover.pending > 0) return
      if (handover.error === null) handover.resolve()
      else handover.reject(handover.error)
    }
    // One more, so that it is not over before the last process was written to.
    handover.pending = 1
    for (const link of this.#links.values()) {
      if (!link.hears) continue
      handover.pending++
      link.write(bytes, written)
    }
    written(null)
  }
}

/** Compares in a time that does not tell how much was right. */
function isSame(one: string, other: string): boolean {
  if (one.length !== other.length) return false
  let difference = 0
  for (let i = 0; i < one.length; i++) difference |= one.charCodeAt(i) ^ other.charCodeAt(i)
  return difference === 0
}
