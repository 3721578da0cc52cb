// The class form of the callbacks model, as Tornado's WebSocketHandler: one object per connection, its methods
// called in order, `write` awaited for flow control.

import type { Connection } from '../../connection/connection.ts'
import type { Contract, In, Out } from '../../connection/contract.ts'
import type { DeflateOptions } from '../../protocol/deflate-parameters.ts'
import { isAsync, isPromise } from '../../connection/lane.ts'
import type { Limits } from '../../connection/limits.ts'
import type { Keepalive, Route, RouteOptions } from '../../connection/route.ts'
import type { UpgradeRequest } from '../../connection/upgrade-request.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import { callbacks } from './callbacks.ts'

/** What a handler of the contract `C` receives; text and bytes where there is none. */
type Received<C> = C extends Contract ? In<C> : string | Uint8Array
type Sent<C> = C extends Contract ? Out<C> : string | Uint8Array

/** The states of the browser's WebSocket; they only grow. */
export const ReadyState = { OPEN: 1, CLOSING: 2, CLOSED: 3 } as const
export type ReadyState = (typeof ReadyState)[keyof typeof ReadyState]

/** A write that waits for room. */
interface WaitingWrite {
  readonly resolve: () => void
  readonly reject: (error: HoldlineError) => void
}

/**
 * Extend it, and serve the class with `handler(Class)`. Static members say what concerns the route; the methods
 * are called for one connection.
 */
export abstract class WebSocketHandler<C extends Contract | undefined = undefined, Data = unknown> {
  /** The contract of the messages; without one they are text and bytes. */
  static readonly contract: Contract | undefined = undefined
  /** Limits of the route. */
  static readonly limits: Partial<Limits> | undefined = undefined
  /** Milliseconds of silence after which a ping is sent; `null`: never. */
  static readonly pingIntervalMs: number | null = 25_000
  /** Milliseconds that its answer may take; at most the interval. */
  static readonly pingTimeoutMs: number = 20_000
  static readonly deflate: boolean | DeflateOptions = false

  readonly connection: Connection<Data>
  /** For the compiler only: `handler` compares it with the static `contract`. */
  declare readonly contractType?: C
  /** How the connection ended; null while it has not. */
  closeCode: number | null = null
  closeReason: string | null = null
  readonly #agreed: Contract | undefined
  #waiting: WaitingWrite[] = []
  #isClosing = false
  #closedError: HoldlineError | null = null

  constructor(connection: Connection<Data>, agreed: Contract | undefined) {
    this.connection = connection
    this.#agreed = agreed
  }

  /** Called only when the request has an Origin. Default: the host that it connected to. */
  static checkOrigin(origin: URL, request: UpgradeRequest): boolean {
    return origin.host.toLowerCase() === request.host.toLowerCase()
  }

  /** Called exactly once a request, with what it offers, be it []. Default: none. */
  static selectSubprotocol(_offered: readonly string[], _request: UpgradeRequest): string | null {
    return null
  }

  get request(): UpgradeRequest {
    return this.connection.request
  }

  get data(): Data {
    return this.connection.data
  }

  get readyState(): ReadyState {
    if (this.closeCode !== null) return ReadyState.CLOSED
    return this.#isClosing ? ReadyState.CLOSING : ReadyState.OPEN
  }

  /** No message comes before it is done. */
  open(): void | Promise<void> {}

  /** The next message waits until it is done. */
  abstract onMessage(message: Received<C>): void | Promise<void>

  /** Once, last. */
  onClose(_code: number, _reason: string): void | Promise<void> {}

  /**
   * Sends a message. Resolves at once while the connection keeps up, else when its backlog is at the low mark.
   * Rejects with ERR_CONNECTION_CLOSED; who does not await it need not catch that.
   *
   * @throws HoldlineError ERR_MESSAGE_OUT_INVALID, at once, so that it is noticed without an await too.
   */
  write(message: Sent<C>): Promise<void> {
    const encoded = this.#agreed === undefined ? message : this.#agreed.encode(message)
    const result = this.connection.send(encoded as string | Uint8Array)
    if (result === 'sent') return Promise.resolve()
    const waiting = new Promise<void>((resolve, reject) => {
      if (result === 'queued') this.#waiting.push({ resolve, reject })
      else reject(this.#ownEnd())
    })
    // Not awaited, it would end the process each time that somebody leaves.
    waiting.catch(() => {})
    return waiting
  }

  /** Sends a ping of at most 125 bytes. */
  ping(payload?: Uint8Array): void {
    this.connection.ping(payload)
  }

  /** Begins the close handshake; after `limits.closeMs` without an answer the line is cut. */
  close(code?: number, reason?: string): void {
    this.connection.close(code, reason)
    this.#isClosing = true
  }

  /** For `handler`: the backlog is at the low mark. */
  drained(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { resolve } of waiting) resolve()
  }

  /** For `handler`: the connection is gone; no write will ever find room. */
  ended(code: number, reason: string): void {
    this.closeCode = code
    this.closeReason = reason
    const waiting = this.#waiting
    this.#waiting = []
    for (const { reject } of waiting) reject(this.#ownEnd())
  }

  /** For `handler`: whether a method ended because it wrote to this connection, which is closed. */
  isOwnEnd(error: unknown): boolean {
    return error === this.#closedError
  }

  #ownEnd(): HoldlineError {
    this.#closedError ??= new HoldlineError('ERR_CONNECTION_CLOSED')
    return this.#closedError
  }
}

/** A class that extends WebSocketHandler, with its static members. */
export interface WebSocketHandlerClass<Data, C = Contract | undefined> {
  new (
    connection: Connection<Data>,
    agreed: Contract | undefined,
  ): {
    readonly contractType?: C
    open(): void | Promise<void>
    onMessage(message: never): void | Promise<void>
    onClose(code: number, reason: string): void | Promise<void>
    drained(): void
    ended(code: number, reason: string): void
    isOwnEnd(error: unknown): boolean
  }
  readonly contract: NoInfer<C extends Contract ? C : Contract | undefined>
  readonly limits: Partial<Limits> | undefined
  readonly pingIntervalMs: number | null
  readonly pingTimeoutMs: number
  readonly deflate: boolean | DeflateOptions
  checkOrigin(origin: URL, request: UpgradeRequest): boolean
  selectSubprotocol(offered: readonly string[], request: UpgradeRequest): string | null
}

/**
 * A route from a class: one object of it per connection.
 *
 * @throws HoldlineError ERR_OPTION_INVALID when the ping timeout is longer than the interval.
 */
export function handler<Data = unknown, C extends Contract | undefined = undefined>(
  Class: WebSocketHandlerClass<Data, C>,
  upgrade?: RouteOptions<Data>['upgrade'],
): Route<Data> {
  const agreed: Contract | undefined = Class.contract
  const objects = new WeakMap<Connection<Data>, InstanceType<WebSocketHandlerClass<Data, C>>>()
  const of = (c: Connection<Data>): InstanceType<WebSocketHandlerClass<Data, C>> => objects.get(c)!
  const options: RouteOptions<Data> = {
    origins: (origin, request) =>
      URL.canParse(origin) && Class.checkOrigin(new URL(origin), request),
    subprotocols: (offered, request) => Class.selectSubprotocol(offered, request),
    keepalive: keepaliveOf(Class),
    deflate: Class.deflate,
    ...(Class.limits !== undefined && { limits: Class.limits }),
    ...(upgrade !== undefined && { upgrade }),
  }
  const onOpen = (c: Connection<Data>): void | Promise<void> => {
    const object = new Class(c, agreed)
    objects.set(c, object)
    return unlessOwnEnd(object, object.open())
  }
  const onMessage = (c: Connection<Data>, message: unknown): void | Promise<void> =>
    unlessOwnEnd(of(c), of(c).onMessage(message as never))
  const onClose = (c: Connection<Data>, code: number, reason: string): void | Promise<void> => {
    const object = objects.get(c)
    return object && unlessOwnEnd(object, object.onClose(code, reason))
  }
  const route =
    agreed === undefined
      ? callbacks<Data>({
          ...options,
          open: onOpen,
          // `async` as the method is: its bytes are then its own.
          message: isAsync(Class.prototype.onMessage)
            ? async (c, message) => onMessage(c, message)
            : onMessage,
          drain: (c) => of(c).drained(),
          close: onClose,
        })
      : callbacks<Contract, Data>(agreed, {
          ...options,
          open: (c) => onOpen(c.raw),
          message: (c, message) => onMessage(c.raw, message),
          drain: (c) => of(c.raw).drained(),
          close: (c, code, reason) => onClose(c.raw, code, reason),
        })
  // Not in the lane: a handler that waits in `write` must hear of the end, or `onClose` would never come.
  const { behavior: inner } = route
  const behavior = Object.freeze({
    ...inner,
    close: (c: Connection<never>, code: number, reason: string) => {
      objects.get(c)?.ended(code, reason)
      inner.close(c, code, reason)
    },
  })
  return Object.freeze({ ...route, behavior }) as Route<Data>
}

/** A method that ends because its connection is closed has not failed. */
function unlessOwnEnd(
  object: { isOwnEnd(error: unknown): boolean },
  result: void | Promise<void>,
): void | Promise<void> {
  if (!isPromise(result)) return undefined
  return Promise.resolve(result).catch((error: unknown) => {
    if (!object.isOwnEnd(error)) throw error
  })
}

function keepaliveOf(Class: WebSocketHandlerClass<never>): Partial<Keepalive> | false {
  const { pingIntervalMs, pingTimeoutMs } = Class
  if (pingIntervalMs === null) return false
  if (pingTimeoutMs > pingIntervalMs) {
    const detail = `pingTimeoutMs ${pingTimeoutMs} is longer than pingIntervalMs ${pingIntervalMs}`
    throw new HoldlineError('ERR_OPTION_INVALID', detail)
  }
  return { pingMs: pingIntervalMs, timeoutMs: pingTimeoutMs }
}
