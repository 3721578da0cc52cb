// Another worker as this one sees it: what is sent to its actors, and what is waited for from there. All of it ends
// when that worker does. Knows nothing of what comes in.

import type { WorkerMesh } from '../../connection/worker-mesh.ts'
import type { Method } from './actor-class.ts'
import type { PendingAsk } from './ask.ts'
import type { Cell } from './cell.ts'
import { Envelope } from './envelope.ts'
import type { ExitReason } from './exit-reason.ts'
import { HeldSenders } from './held-senders.ts'
import type { Holdable } from './held-senders.ts'
import type { Monitor } from './links-and-monitors.ts'
import type { AnyRef, Away } from './ref.ts'
import type { ValueWriter } from './value-writer.ts'

/** What peers need of their system. */
export interface PeerHost {
  readonly mesh: WorkerMesh
  /** Who sends now: a line is made to wait where a worker or an actor is behind. */
  readonly sender: Holdable | null
  /** Lends the writer for one envelope. */
  write(fill: (writer: ValueWriter) => void, send: (bytes: Uint8Array) => void): void
}

export class Peer implements Away {
  readonly workerId: number
  isGone = false
  /** Asks made here of its actors. */
  readonly asks: Map<number, PendingAsk> = new Map()
  /** Monitors of its actors. */
  readonly monitors: Map<number, Monitor> = new Map()
  /** Its monitors of actors here, by its own numbers. */
  readonly watchers: Map<number, Monitor> = new Map()
  /** Questions after the actor of a key. */
  readonly questions: Map<number, (id: number) => void> = new Map()
  /** Lines that wait until it takes more. */
  readonly held: HeldSenders = new HeldSenders()
  /** The same, for one actor whose mailbox is full. */
  readonly heldFor: Map<number, HeldSenders> = new Map()
  readonly #host: PeerHost
  /** Senders there that wait for a mailbox here. */
  readonly waiting: Map<number, Holdable> = new Map()
  /** Actors here that are linked to some of its own. */
  readonly #linked = new Set<AnyRef>()
  #lastNumber = 0

  constructor(host: PeerHost, workerId: number) {
    this.#host = host
    this.workerId = workerId
  }

  tell(to: AnyRef, method: Method, args: readonly unknown[]): void {
    this.#holdSender(to.id)
    this.envelope(Envelope.TELL, (writer) => {
      writer.count(to.id)
      writer.text(method.name)
      writer.value(args)
    })
  }

  ask(to: AnyRef, method: Method, args: readonly unknown[], ask: PendingAsk): void {
    const number = ++this.#lastNumber
    ask.whenOver = () => this.asks.delete(number)
    this.asks.set(number, ask)
    try {
      const isSent = this.envelope(Envelope.ASK, (writer) => {
        writer.count(to.id)
        writer.count(number)
        writer.text(method.name)
        writer.value(args)
      })
      if (!isSent) ask.fail('noconnection')
    } catch (error) {
      ask.refuse(error)
    }
  }

  link(to: AnyRef, from: Cell): void {
    from.related().links.add(to)
    this.#linked.add(from.ref)
    const isSent = this.envelope(Envelope.LINK, (writer) => {
      writer.value(from.ref)
      writer.count(to.id)
    })
    if (!isSent) from.exitSignal(to, 'noconnection', true)
  }

  unlink(to: AnyRef, from: Cell): void {
    this.envelope(Envelope.UNLINK, (writer) => {
      writer.value(from.ref)
      writer.count(to.id)
    })
  }

  /** The other side made a link to an actor here. */
  linkedTo(cell: Cell): void {
    this.#linked.add(cell.ref)
  }

  exit(to: AnyRef, from: AnyRef | null, reason: ExitReason, isLink: boolean): void {
    if (isLink) this.#linked.delete(from!)
    this.envelope(isLink ? Envelope.LINK_EXIT : Envelope.EXIT, (writer) => {
      writer.value(from)
      writer.count(to.id)
      writer.value(reason)
    })
  }

  monitor(monitor: Monitor): void {
    monitor.remoteId = ++this.#lastNumber
    this.monitors.set(monitor.remoteId, monitor)
    const isSent = this.#numbers(Envelope.MONITOR, monitor.remoteId, monitor.ref.id)
    if (!isSent) this.toldDown(monitor.remoteId, 'noconnection')
  }

  demonitor(monitor: Monitor): void {
    if (!this.monitors.delete(monitor.remoteId)) return
    this.#numbers(Envelope.DEMONITOR, monitor.remoteId, monitor.ref.id)
  }

  toldDown(number: number, reason: ExitReason): void {
    const monitor = this.monitors.get(number)
    this.monitors.delete(number)
    monitor?.tell(reason)
  }

  /** Which of its actors has a key; 0: none, ask for the owner again. */
  resolve(actorName: string, key: string): Promise<number> {
    return new Promise((resolve) => {
      const number = ++this.#lastNumber
      this.questions.set(number, resolve)
      const isSent = this.envelope(Envelope.RESOLVE, (writer) => {
        writer.count(number)
        writer.text(actorName)
        writer.text(key)
      })
      if (!isSent) this.answered(number, 0)
    })
  }

  answered(number: number, id: number): void {
    const resolve = this.questions.get(number)
    this.questions.delete(number)
    resolve?.(id)
  }

  /** A number or two of its own, and no values. */
  signal(kind: number, first: number, second?: number): void {
    this.#numbers(kind, first, second)
  }

  /** False: there is no such worker any more. */
  envelope(kind: number, fill: (writer: ValueWriter) => void): boolean {
    if (this.isGone) return false
    let isSent = false
    this.#host.write(
      (writer) => {
        writer.byte(kind)
        fill(writer)
      },
      (bytes) => {
        const result = this.#host.mesh.send(this.workerId, bytes)
        isSent = result !== 'gone'
        const { sender } = this.#host
        if (result === 'queued' && sender !== null) this.held.hold(sender)
      },
    )
    return isSent
  }

  /** The worker has ended: whatever was waited for from there will not come. */
  gone(): void {
    this.isGone = true
    this.held.letAllGo()
    for (const held of this.heldFor.values()) held.letAllGo()
    this.heldFor.clear()
    for (const monitor of this.watchers.values())
      monitor.ref.cell?.relations?.watchers.delete(monitor)
    this.watchers.clear()
    const linked = [...this.#linked]
    this.#linked.clear()
    for (const { cell } of linked) {
      for (const ref of cell?.relations?.links ?? []) {
        if (ref.away === this) cell!.exitSignal(ref, 'noconnection', true)
      }
    }
    for (const number of this.monitors.keys()) this.toldDown(number, 'noconnection')
    for (const ask of this.asks.values()) ask.fail('noconnection')
    for (const number of this.questions.keys()) this.answered(number, 0)
  }

  #numbers(kind: number, first: number, second?: number): boolean {
    return this.envelope(kind, (writer) => {
      writer.count(first)
      if (second !== undefined) writer.count(second)
    })
  }

  #holdSender(id: number): void {
    if (this.heldFor.size === 0) return
    const held = this.heldFor.get(id)
    const { sender } = this.#host
    if (held !== undefined && sender !== null) held.hold(sender)
  }
}
