// A connection of a route with a contract: what it sends is an object of the contract, checked and written as
// JSON. Everything else is the connection's own.

import type { Connection, SendResult } from './connection.ts'
import type { Contract, Out } from './contract.ts'
import type { Subscribed, SubscribeOptions } from './topic-hub.ts'
import type { UpgradeRequest } from './upgrade-request.ts'

export class TypedConnection<C extends Contract, Data = unknown> {
  /** The connection itself, for messages outside the contract. */
  readonly raw: Connection<Data>
  readonly #contract: C

  constructor(raw: Connection<Data>, agreed: C) {
    this.raw = raw
    this.#contract = agreed
  }

  /** @throws HoldlineError ERR_MESSAGE_OUT_INVALID when the contract does not allow the message. */
  send(message: Out<C>): SendResult {
    return this.raw.send(this.#contract.encode(message))
  }

  get id(): number {
    return this.raw.id
  }

  get data(): Data {
    return this.raw.data
  }

  set data(data: Data) {
    this.raw.data = data
  }

  get request(): UpgradeRequest {
    return this.raw.request
  }

  get subprotocol(): string {
    return this.raw.subprotocol
  }

  get bufferedBytes(): number {
    return this.raw.bufferedBytes
  }

  close(code?: number, reason?: string): void {
    this.raw.close(code, reason)
  }

  terminate(): void {
    this.raw.terminate()
  }

  pause(): void {
    this.raw.pause()
  }

  resume(): void {
    this.raw.resume()
  }

  subscribe(topic: string, options?: SubscribeOptions): Promise<Subscribed> {
    return this.raw.subscribe(topic, options)
  }

  unsubscribe(topic: string): void {
    this.raw.unsubscribe(topic)
  }
}
