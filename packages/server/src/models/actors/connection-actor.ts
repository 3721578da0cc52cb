// A connection as an actor: its frames are messages of its mailbox, which holds the line back when it is full. Each
// ends with the other.

import type { Connection, SendResult } from '../../connection/connection.ts'
import type { Contract, In, Out } from '../../connection/contract.ts'
import { invalidMessageAnswer } from '../../connection/contract.ts'
import type { HeldConnection } from '../../connection/held-connection.ts'
import { PausedBy } from '../../connection/held-connection.ts'
import { MAX_WAITING_BYTES } from '../../connection/lane.ts'
import { CloseCode } from '../../protocol/close-code.ts'
import { Actor } from './actor.ts'
import { isBase, Method } from './actor-class.ts'
import type { ActorKind } from './actor-class.ts'
import { Cell } from './cell.ts'
import { CellBit } from './cell-bits.ts'
import type { CellHost } from './cell-bits.ts'
import type { ExitReason } from './exit-reason.ts'
import { describe } from './exit-reason.ts'

/** What an actor of the contract `C` receives; text and bytes where there is none. */
type Received<C> = C extends Contract ? In<C> : string | Uint8Array
type Sent<C> = C extends Contract ? Out<C> : string | Uint8Array

/** What a route has for its connections. */
export interface ConnectionKind {
  readonly kind: ActorKind
  readonly agreed: Contract | null
  /** Bytes are the actor's own: once `frame` has gone on behind an await, or is sure to. */
  keepsBytes: boolean
}

export class ConnectionCell extends Cell {
  readonly connection: HeldConnection
  readonly route: ConnectionKind
  /** Of frames in the mailbox. */
  waitingBytes = 0
  /** Who holds the line back: this mailbox, and others that it sent to. */
  #heldBy = 0

  constructor(host: CellHost, route: ConnectionKind, id: number, connection: HeldConnection) {
    super(host, route.kind, id)
    this.route = route
    this.connection = connection
  }

  /** By the server, whom `died` tells of every crash. */
  override get isLoggedElsewhere(): boolean {
    return true
  }

  override holdBack(): void {
    if (this.#heldBy++ === 0) this.connection.pauseFor(PausedBy.MODEL)
  }

  override letGo(): void {
    if (--this.#heldBy === 0) this.connection.resumeFor(PausedBy.MODEL)
  }

  /** A frame for which nothing waits is handled at once; else it goes through the mailbox. */
  frame(data: string | Uint8Array): void {
    const { route } = this
    const own = route.keepsBytes && typeof data !== 'string' ? data.slice() : data
    if (this.isIdle) this.#handleNow(own)
    else if (!this.isGone)
      this.#putInMailbox(route.keepsBytes || typeof own === 'string' ? own : own.slice())
  }

  #handleNow(data: string | Uint8Array): void {
    const { host, route } = this
    const { agreed } = route
    let message: unknown = data
    if (agreed !== null) {
      const decoded = agreed.decode(data)
      if (decoded.issues !== undefined) {
        this.connection.send(invalidMessageAnswer(decoded.issues))
        return
      }
      message = decoded.value
    }
    const outer = host.current
    host.current = this
    this.bits |= CellBit.RUNNING
    let result: unknown
    try {
      result = (this.actor as unknown as ConnectionActor).frame(message as string)
    } catch (error) {
      this.bits &= ~CellBit.RUNNING
      host.current = outer
      this.failed(error, null)
      return
    }
    this.bits &= ~CellBit.RUNNING
    host.current = outer
    if (result !== undefined || (this.bits & CellBit.STOP_ASKED) !== 0) this.returned(result)
    // What it sent itself is next.
    if (this.mailbox !== null) this.wake()
  }

  #returnsPromise(): void {
    this.route.keepsBytes = true
  }

  override hold(result: PromiseLike<unknown>, ask: null): void {
    this.#returnsPromise()
    super.hold(result, ask)
  }

  #putInMailbox(data: string | Uint8Array): void {
    const { agreed, kind } = this.route
    let method = FRAME
    let message: unknown = data
    if (agreed !== null) {
      const decoded = agreed.decode(data)
      if (decoded.issues !== undefined) method = UNFIT_FRAME
      message = decoded.issues === undefined ? decoded.value : invalidMessageAnswer(decoded.issues)
    }
    this.waitingBytes += data.length
    this.accept(method, [message, data.length], null)
    // In bytes the line is held back where every model does it, whatever the limit of the mailbox.
    if (this.mailbox!.length < kind.limit && this.waitingBytes < MAX_WAITING_BYTES) return
    this.bits |= CellBit.FULL
    this.rarely().hold(this)
  }

  protected override died(reason: ExitReason): void {
    const { connection } = this
    if (reason === 'normal') connection.close(CloseCode.NORMAL)
    else if (reason === 'shutdown') connection.close(CloseCode.GOING_AWAY)
    else if (reason !== 'noconnection' || connection.isOpen) {
      // Not where the line broke first.
      connection.fail(
        'ERR_HANDLER',
        typeof reason === 'string' ? new Error(describe(reason)) : reason,
      )
    }
  }
}

const FRAME: Method = new Method(
  'frame',
  function (message, bytes) {
    const actor = this as ConnectionActor
    cellOf(actor).waitingBytes -= bytes as number
    return actor.frame(message as string)
  },
  true,
)

/** A message that the contract does not allow is answered in its turn. */
const UNFIT_FRAME: Method = new Method(
  'unfit',
  function (answer, bytes) {
    const cell = cellOf(this as ConnectionActor)
    cell.waitingBytes -= bytes as number
    cell.connection.send(answer as string)
  },
  true,
)

/** After all frames that came before. */
export const CLOSED: Method = new Method(
  'closed',
  function (code, reason) {
    const actor = this as ConnectionActor
    const end = (): void => actor.stop(code === CloseCode.ABNORMAL ? 'noconnection' : 'normal')
    const result = actor.closed(code as number, reason as string)
    if (result === undefined) end()
    else return result.then(end)
    return undefined
  },
  true,
)

export abstract class ConnectionActor<
  C extends Contract | undefined = undefined,
  Data = unknown,
> extends Actor {
  /** For the compiler only: `actors` compares it with the contract. */
  declare readonly connectionActorType?: C

  /** The line. What is sent through it directly is not checked against the contract. */
  get connection(): Connection<Data> {
    return cellOf(this).connection as unknown as Connection<Data>
  }

  /** A message came. The next one waits until it is done. */
  abstract frame(message: Received<C>): void | Promise<void>

  /** The line is open. Messages wait until it is done. */
  opened(): void | Promise<void> {}

  /** The line is closed, and all that came over it was handled. The actor ends after it. */
  closed(_code: number, _reason: string): void | Promise<void> {}

  /** Less than `limits.lowWaterBytes` wait to be sent again. Called at once, even while `frame` runs. */
  drain(): void {}

  /** @throws HoldlineError ERR_MESSAGE_OUT_INVALID when the contract does not allow the message. */
  send(message: Sent<C>): SendResult {
    const { connection, route } = cellOf(this)
    const { agreed } = route
    return connection.send((agreed === null ? message : agreed.encode(message)) as string)
  }

  override started(): void | Promise<void> {
    return this.opened()
  }
}

isBase(ConnectionActor)

function cellOf(actor: Actor): ConnectionCell {
  return Actor.cellOf(actor) as ConnectionCell
}
