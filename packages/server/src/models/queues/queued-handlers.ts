// The handlers of a route of the queues model, and what is kept for its connections.

import type { HeldConnection } from '../../connection/held-connection.ts'
import type { MessageView } from '../../connection/message-view.ts'
import { ProgramHandlers } from '../../connection/program-handlers.ts'
import type { ConnectionQueue, RouteHandlers } from './connection-queue.ts'
import type { DispatchQueue } from './dispatch-queue.ts'
import type { DispatchFunctions } from './handlers.ts'

/** What the model keeps for a connection; nothing for a plain one while none of its handlers waits. */
export interface Held<C> {
  readonly seenAs: C
  target: DispatchQueue | null
  own: ConnectionQueue | null
}

export class QueuedHandlers<C, M> extends ProgramHandlers<C, M> implements RouteHandlers {
  readonly #target: DispatchQueue | null

  /** `target`: of every connection, unless another is set for one. */
  constructor(
    functions: DispatchFunctions<C, M>,
    view: MessageView<C, M> | null,
    target: DispatchQueue | null,
  ) {
    super(functions, view)
    this.#target = target
  }

  heldOf(c: HeldConnection): Held<C> {
    const { view } = this
    c.model ??= {
      seenAs: view === null ? c : view.connection(c),
      target: this.#target,
      own: null,
    }
    return c.model as Held<C>
  }

  idle(c: HeldConnection): void {
    const held = c.model as Held<C>
    if (this.view === null && held.target === this.#target) c.model = null
    else held.own = null
  }

  seenAs(c: HeldConnection): C {
    return this.view === null ? (c as C) : this.heldOf(c).seenAs
  }
}
