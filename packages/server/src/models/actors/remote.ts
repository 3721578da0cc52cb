// Actors of other workers: what comes in over the mesh, and what becomes of it here. A worker that ends is told to all
// who waited for it.

import type { WorkerMesh, WorkerMeshListener } from '../../connection/worker-mesh.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import type { Asked } from './ask.ts'
import type { Cell } from './cell.ts'
import { Envelope } from './envelope.ts'
import type { ExitReason } from './exit-reason.ts'
import { HeldSenders } from './held-senders.ts'
import type { Holdable } from './held-senders.ts'
import { Monitor } from './links-and-monitors.ts'
import { Peer } from './peer.ts'
import type { PeerHost } from './peer.ts'
import type { AnyRef } from './ref.ts'
import type { RefTable } from './ref-table.ts'
import { ValueReader } from './value-reader.ts'
import type { Inward } from './value-reader.ts'

/** What this needs of its system. */
export interface RemoteHost extends PeerHost, Inward {
  readonly refs: RefTable
  /** Answers with the actor that has a key here; 0: none. */
  keyed(actorName: string, key: string): Promise<number>
  reportFailure(error: unknown): void
}

export class Remote implements WorkerMeshListener {
  readonly mesh: WorkerMesh
  readonly #host: RemoteHost
  readonly #peers = new Map<number, Peer>()

  constructor(host: RemoteHost) {
    this.#host = host
    this.mesh = host.mesh
  }

  peer(workerId: number): Peer {
    let peer = this.#peers.get(workerId)
    if (peer === undefined) {
      peer = new Peer(this.#host, workerId)
      this.#peers.set(workerId, peer)
    }
    return peer
  }

  // --- What the mesh calls

  message(from: number, bytes: Uint8Array): void {
    try {
      this.#opened(this.peer(from), new ValueReader(bytes, this.#host))
    } catch (error) {
      this.#host.reportFailure(error)
    }
  }

  drained(workerId: number): void {
    this.peer(workerId).held.letAllGo()
  }

  workerGone(workerId: number): void {
    this.peer(workerId).gone()
  }

  // --- What others say

  #opened(peer: Peer, reader: ValueReader): void {
    const kind = reader.byte()
    switch (kind) {
      case Envelope.TELL:
        return this.#told(peer, reader)
      case Envelope.ASK:
        return this.#asked(peer, reader)
      case Envelope.REPLY:
      case Envelope.FAIL:
      case Envelope.REFUSE:
        return this.#answered(kind, peer, reader)
      case Envelope.LINK:
      case Envelope.UNLINK:
      case Envelope.LINK_EXIT:
      case Envelope.EXIT:
        return this.#linkSignal(kind, peer, reader)
      case Envelope.MONITOR:
        return this.#monitored(peer, reader.count(), reader.count())
      case Envelope.DEMONITOR: {
        const monitor = peer.watchers.get(reader.count())
        if (monitor === undefined) return undefined
        peer.watchers.delete(monitor.remoteId)
        monitor.ref.cell?.relations?.watchers.delete(monitor)
        return undefined
      }
      case Envelope.DOWN:
        return peer.toldDown(reader.count(), reader.value() as ExitReason)
      case Envelope.RESOLVE:
        return this.#questioned(peer, reader.count(), reader.text(), reader.text())
      case Envelope.RESOLVED:
        return peer.answered(reader.count(), reader.count())
      case Envelope.FULL: {
        const id = reader.count()
        if (!peer.heldFor.has(id)) peer.heldFor.set(id, new HeldSenders())
        return undefined
      }
      case Envelope.ROOMY: {
        const id = reader.count()
        const held = peer.heldFor.get(id)
        peer.heldFor.delete(id)
        return held?.letAllGo()
      }
      default:
        throw new HoldlineError('ERR_ACTOR_MESSAGE', `unknown envelope ${kind}`)
    }
  }

  #told(peer: Peer, reader: ValueReader): void {
    const id = reader.count()
    const name = reader.text()
    const cell = this.#host.refs.cell(id)
    // Silent, as in one worker.
    if (cell === undefined) return
    const method = cell.kind.protocol.methods.get(name)
    if (method === undefined) throw unknownMethod(cell, name)
    cell.accept(method, reader.list(), null, this.#senderOf(peer, cell))
  }

  #asked(peer: Peer, reader: ValueReader): void {
    const id = reader.count()
    const ask = new RemoteAsk(peer, reader.count())
    const name = reader.text()
    const cell = this.#host.refs.cell(id)
    if (cell === undefined) {
      ask.fail('noproc')
      return
    }
    const method = cell.kind.protocol.methods.get(name)
    if (method === undefined) {
      ask.refuse(unknownMethod(cell, name))
      return
    }
    try {
      cell.accept(method, reader.list(), ask, this.#senderOf(peer, cell))
    } catch (error) {
      ask.refuse(error)
    }
  }

  /** Who is told to wait where the mailbox is full: made only then. */
  #senderOf(peer: Peer, cell: Cell): Holdable | null {
    const { mailbox, kind } = cell
    if (mailbox === null || mailbox.length < kind.limit || kind.refuses) return null
    let sender = peer.waiting.get(cell.id)
    if (sender === undefined) {
      sender = new RemoteSender(peer, cell.id)
      peer.waiting.set(cell.id, sender)
    }
    return sender
  }

  #answered(kind: number, peer: Peer, reader: ValueReader): void {
    const ask = peer.asks.get(reader.count())
    // A late answer: whoever asked has given up.
    if (ask === undefined) return
    if (kind === Envelope.REPLY) ask.reply(reader.value())
    else if (kind === Envelope.FAIL) ask.fail(reader.value() as ExitReason)
    else ask.refuse(reader.value())
  }

  #linkSignal(kind: number, peer: Peer, reader: ValueReader): void {
    const from = reader.value() as AnyRef | null
    const id = reader.count()
    const cell = this.#host.refs.cell(id)
    if (kind === Envelope.LINK) {
      if (cell === undefined) {
        const dead = this.#host.ref(this.mesh.workerId, id, '') as AnyRef
        peer.exit(from!, dead, 'noproc', true)
        return
      }
      cell.related().links.add(from!)
      peer.linkedTo(cell)
    } else if (cell === undefined) {
      // It has ended, and has told so.
    } else if (kind === Envelope.UNLINK) cell.relations?.links.delete(from!)
    else cell.exitSignal(from, reader.value() as ExitReason, kind === Envelope.LINK_EXIT)
  }

  #monitored(peer: Peer, number: number, id: number): void {
    const cell = this.#host.refs.cell(id)
    const down = (reason: ExitReason): void => {
      peer.watchers.delete(number)
      peer.envelope(Envelope.DOWN, (writer) => {
        writer.count(number)
        writer.value(reason)
      })
    }
    if (cell === undefined) {
      down('noproc')
      return
    }
    const monitor = new Monitor(cell.ref, { down: (_, reason) => down(reason) })
    monitor.remoteId = number
    peer.watchers.set(number, monitor)
    cell.related().watchers.add(monitor)
  }

  #questioned(peer: Peer, number: number, actorName: string, key: string): void {
    const answer = (id: number): void => peer.signal(Envelope.RESOLVED, number, id)
    this.#host.keyed(actorName, key).then(answer, () => answer(0))
  }
}

function unknownMethod(cell: Cell, name: string): HoldlineError {
  return new HoldlineError('ERR_ACTOR_METHOD', `${cell.ref.toString()}.${name}`)
}

/** An ask of another worker's. */
class RemoteAsk implements Asked {
  isDone = false
  readonly #peer: Peer
  readonly #number: number

  constructor(peer: Peer, number: number) {
    this.#peer = peer
    this.#number = number
  }

  reply(value: unknown): void {
    try {
      this.#say(Envelope.REPLY, value)
    } catch (error) {
      this.isDone = false
      this.refuse(error)
    }
  }

  fail(reason: ExitReason): void {
    this.#say(Envelope.FAIL, reason)
  }

  refuse(error: unknown): void {
    this.#say(Envelope.REFUSE, error)
  }

  #say(kind: number, value: unknown): void {
    if (this.isDone) return
    this.isDone = true
    this.#peer.envelope(kind, (writer) => {
      writer.count(this.#number)
      writer.value(value)
    })
  }
}

/** A worker that sends to an actor whose mailbox is full. */
class RemoteSender implements Holdable {
  readonly #peer: Peer
  readonly #id: number

  constructor(peer: Peer, id: number) {
    this.#peer = peer
    this.#id = id
  }

  holdBack(): void {
    this.#peer.signal(Envelope.FULL, this.#id)
  }

  letGo(): void {
    this.#peer.waiting.delete(this.#id)
    this.#peer.signal(Envelope.ROOMY, this.#id)
  }
}
