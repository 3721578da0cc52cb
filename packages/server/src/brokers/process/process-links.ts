// The links of one process to all others of the machine: who is there, who calls, who is given up. Each process writes
// to each, over sockets in a directory that only their user can enter. Knows nothing of what the frames carry.
//
// Rule 1: two processes have one link; whoever starts later calls first, and the other one calls back.
// Rule 2: a process that takes nothing is given up and reported, never skipped.
// Rule 3: once the supervisor has said that a process is gone, nobody gets in under its number.

import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { HoldlineError } from '../../protocol/errors.ts'
import { controlFrame, FrameKind } from './mesh-frame.ts'
import type { LostReason, MeshPlace } from './mesh-place.ts'
import { IncomingLine, PeerLink } from './peer-link.ts'
import type { LinkEvents } from './peer-link.ts'

export interface ProcessLinksOptions {
  /** Milliseconds in which a process has to take something, or it is given up. Default 10,000. */
  readonly stuckMs?: number
}

/** Takes a frame of a process; the bytes stay as they are for as long as somebody holds them. False: it is malformed. */
export type TakeFrame = (
  from: number,
  kind: number,
  bytes: Buffer,
  start: number,
  end: number,
) => boolean

/** The format of the mesh; processes of different formats do not talk. */
export const MESH_VERSION = 3

/** Milliseconds for the last bytes of a process that stops. */
const GOODBYE_MS = 1_000

export class ProcessLinks implements LinkEvents {
  readonly id: number
  /** Who takes publications; null: they are left alone. */
  onPublication: TakeFrame | null = null
  /** Who takes messages to this process alone; null: they are left alone. */
  onMessage: TakeFrame | null = null
  /** Who takes what is said of topics with history; null: it is left alone. */
  onHistory: TakeFrame | null = null
  /** Told when the lines to a process are gone, and everything that came was read. */
  readonly onGone: Set<(id: number) => void> = new Set()
  readonly #place: MeshPlace
  readonly #stuckMs: number
  #hears = false
  #started: Promise<void> | null = null
  #userCount = 0
  #server: Server | null = null
  readonly #links = new Map<number, PeerLink>()
  readonly #ended = new Set<number>()
  readonly #strangers = new Set<Socket>()
  #isStopped = false

  constructor(place: MeshPlace, options: ProcessLinksOptions = {}) {
    this.id = place.id
    this.#place = place
    this.#stuckMs = options.stuckMs ?? 10_000
  }

  /** Those that there are now. */
  get all(): ReadonlyMap<number, PeerLink> {
    return this.#links
  }

  /**
   * Each who uses the links starts them; the first one does it. Resolves when this process and all that started before
   * it hear one another. Rejects with ERR_BROKER_START, ERR_BROKER_STOPPED.
   */
  start(): Promise<void> {
    this.#userCount++
    this.#started ??= this.#start()
    return this.#started
  }

  /** Each who has started the links stops them; the last one says goodbye, behind all that was written. */
  async stop(): Promise<void> {
    if (--this.#userCount > 0) return
    this.#isStopped = true
    this.#server?.close()
    for (const socket of this.#strangers) socket.destroy()
    const links = [...this.#links.values()]
    await Promise.all(links.map((link) => link.leave(GOODBYE_MS)))
    for (const link of links) link.destroy()
  }

  /** Publications are wanted here from now on. */
  hear(): void {
    if (this.#hears) return
    this.#hears = true
    for (const link of this.#links.values()) link.write(controlFrame(FrameKind.HEAR))
  }

  /** That process has ended. Resolves when nothing more can come from it: all that it sent was taken. */
  async ended(id: number): Promise<void> {
    this.#ended.add(id)
    await this.#links.get(id)?.whenGone
  }

  // --- Who is there

  async #start(): Promise<void> {
    if (this.#isStopped) throw new HoldlineError('ERR_BROKER_STOPPED')
    this.#server = await this.#listen()
    const others = await this.#place.join()
    const links = others.map((id) => this.#links.get(id) ?? this.#dial(id))
    await Promise.all(links.map((link) => this.#answer(link)))
  }

  #listen(): Promise<Server> {
    return new Promise((resolve, reject) => {
      const server = createServer((socket) => this.#called(socket))
      server.once('error', (error) => {
        const detail = `${this.#place.addressOf(this.id)}: ${error.message}`
        reject(new HoldlineError('ERR_BROKER_START', detail, { cause: error }))
      })
      // Exclusive: in a worker of node:cluster it would be the primary's socket otherwise.
      server.listen({ path: this.#place.addressOf(this.id), exclusive: true }, () => {
        resolve(server)
      })
    })
  }

  #dial(id: number): PeerLink {
    const out = connect(this.#place.addressOf(id))
    const link = new PeerLink(id, out, this.#stuckMs, this)
    this.#links.set(id, link)
    const hello = [MESH_VERSION, this.id, this.#hears ? 1 : 0, this.#place.token].join(' ')
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
    if (version !== String(MESH_VERSION) || !/^\d{1,9}$/.test(idText)) return null
    if (this.#isStopped || !isSame(token, this.#place.token) || id === this.id) return null
    if (this.#ended.has(id)) return null
    const known = this.#links.get(id)
    if (known?.hasIncoming === true) return null
    const link = known ?? this.#dial(id)
    link.hears = hears === '1'
    return link
  }

  // --- What the links call

  frame(link: PeerLink, kind: number, bytes: Buffer, start: number, end: number): boolean {
    const take =
      kind === FrameKind.MESSAGE
        ? this.onMessage
        : kind === FrameKind.TEXT || kind === FrameKind.BINARY
          ? this.onPublication
          : kind >= FrameKind.APPEND && kind <= FrameKind.REFUSED
            ? this.onHistory
            : takeNone
    return take === null || take(link.id, kind, bytes, start, end)
  }

  gone(link: PeerLink, reason: LostReason | null): void {
    this.#links.delete(link.id)
    if (reason !== null && !this.#isStopped) this.#place.lost(link.id, reason)
    for (const told of this.onGone) told(link.id)
  }
}

const takeNone: TakeFrame = () => false

/** Compares in a time that does not tell how much was right. */
function isSame(one: string, other: string): boolean {
  if (one.length !== other.length) return false
  let difference = 0
  for (let i = 0; i < one.length; i++) difference |= one.charCodeAt(i) ^ other.charCodeAt(i)
  return difference === 0
}
