// What a handler is given beside the request. One object serves the requests of a connection one after the other, as
// long as nobody can tell: a request that goes on behind its handler's return, or has asked for its signal, keeps it.

import type { HeldConnection } from '../../connection/held-connection.ts'
import type { UpgradeRequest } from '../../connection/upgrade-request.ts'

/** Of one request, until its last reply. */
export interface Exchange<C, Data> {
  readonly connection: C
  /** The request that opened the connection. */
  readonly request: UpgradeRequest
  /** What `upgrade` gave, the connection's own from then on. */
  data: Data
  /**
   * Aborted when the connection closes or the deadline passes while the request is under way; built when first asked
   * for. The reason is an AbortError, or the HoldlineError ERR_REQUEST_DEADLINE.
   */
  readonly signal: AbortSignal
}

export class OpenExchange<C, Data> implements Exchange<C, Data> {
  readonly connection: C
  readonly #held: HeldConnection<Data>
  #controller: AbortController | null = null
  #reason: unknown = undefined

  constructor(held: HeldConnection<Data>, seenAs: C) {
    this.#held = held
    this.connection = seenAs
  }

  get request(): UpgradeRequest {
    return this.#held.request
  }

  get data(): Data {
    return this.#held.data
  }

  set data(data: Data) {
    this.#held.data = data
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController()
      if (this.#reason !== undefined) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  /** Whether another request may have it. */
  get isUnused(): boolean {
    return this.#controller === null && this.#reason === undefined
  }

  /** The first reason counts. */
  abort(reason: unknown): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    this.#controller?.abort(reason)
  }

  /** Whether an error says no more than that the request was aborted. */
  isOwnEnd(error: unknown): boolean {
    if (this.#reason === undefined) return false
    return error === this.#reason || (error instanceof Error && error.name === 'AbortError')
  }
}
