// The messages of a connection as a channel to receive from: the lane, pulled. A message goes to the task that waits
// for it; while none does it is kept, and the line is held back when too much is.

import type { HeldConnection } from '../../connection/held-connection.ts'
import { PausedBy } from '../../connection/held-connection.ts'
import { MAX_WAITING, MAX_WAITING_BYTES } from '../../connection/lane.ts'
import type { MessageView } from '../../connection/message-view.ts'
import { UNFIT } from '../../connection/message-view.ts'
import { Ring } from './ring.ts'
import { Source } from './source.ts'
import type { Received } from './waiter.ts'
import { WaiterList } from './waiter.ts'

interface Kept<M> {
  readonly message: M
  readonly bytes: number
}

export class LineSource<M> extends Source<M> {
  readonly #connection: HeldConnection
  /** Null: messages are received as they came. */
  readonly #view: MessageView<unknown, M> | null
  protected readonly receivers: WaiterList = new WaiterList()
  /** Built when a message comes that nobody waits for. */
  #kept: Ring<Kept<M>> | null = null
  #keptBytes = 0
  #isClosed = false

  constructor(connection: HeldConnection, view: MessageView<unknown, M> | null) {
    super()
    this.#connection = connection
    this.#view = view
  }

  /** A message came. Its bytes are lent until this returns; who receives it goes on later, so they are copied. */
  message(data: string | Uint8Array): void {
    const message = this.#seen(typeof data === 'string' ? data : data.slice())
    if (message === UNFIT) return
    const receiver = this.receivers.shift()
    if (receiver !== null) receiver.complete(message, true)
    else this.#keep(message, data.length)
  }

  /** The connection is gone: what came before is still received. */
  end(): void {
    this.#isClosed = true
    for (let one = this.receivers.shift(); one !== null; one = this.receivers.shift()) {
      one.complete(undefined, false)
    }
  }

  get canReceive(): boolean {
    return this.#isClosed || (this.#kept !== null && this.#kept.length > 0)
  }

  take(): Received<M> {
    const kept = this.#kept
    if (kept === null || kept.length === 0) return { value: undefined, ok: false }
    const { message, bytes } = kept.shift()
    this.#keptBytes -= bytes
    if (kept.length === 0) {
      // An idle line keeps no ring.
      this.#kept = null
      this.#connection.resumeFor(PausedBy.MODEL)
    }
    return { value: message, ok: true }
  }

  #seen(data: string | Uint8Array): M | typeof UNFIT {
    return this.#view === null ? (data as M) : this.#view.message(this.#connection, data)
  }

  #keep(message: M, bytes: number): void {
    this.#kept ??= new Ring()
    this.#kept.push({ message, bytes })
    this.#keptBytes += bytes
    if (this.#kept.length >= MAX_WAITING || this.#keptBytes >= MAX_WAITING_BYTES) {
      this.#connection.pauseFor(PausedBy.MODEL)
    }
  }
}
