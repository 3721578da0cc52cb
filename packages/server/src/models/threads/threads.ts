// The threads model: a thread for each connection, whose handler blocks (Apache's prefork and worker, Java's thread per
// request). The connection stays in the event loop; a thread is told its messages and says what to send.

import { Bit } from '../../connection/bits.ts'
import { buildRoute } from '../../connection/build-route.ts'
import type { Behavior } from '../../connection/connection.ts'
import type { CancelTimer } from '../../connection/clock.ts'
import { Contract } from '../../connection/contract.ts'
import type { HeldConnection } from '../../connection/held-connection.ts'
import { isPromise } from '../../connection/is-promise.ts'
import type { Route, RouteOptions, UpgradeAnswer } from '../../connection/route.ts'
import type { UpgradeRequest } from '../../connection/upgrade-request.ts'
import { errorCatalogue, HoldlineError } from '../../protocol/errors.ts'
import type { ResolvedThreadOptions, ThreadOptions } from './options.ts'
import { moduleUrlOf, resolveThreadOptions } from './options.ts'
import { formatEnd, ParcelKind, parseEnd } from './parcel-kind.ts'
import type { PooledThread, ThreadUser } from './pooled-thread.ts'
import { copyRequest } from './session-request.ts'
import { ThreadPool } from './thread-pool.ts'

/**
 * A route whose connections are served by the default export of a module, which is what `blocking` gave.
 *
 * @throws HoldlineError ERR_OPTION_INVALID
 */
export function threads<Data = undefined>(
  module: URL | string,
  options?: ThreadOptions<Data>,
): Route<Data>
/** The module has to be one with a contract: `blocking(contract, …)`. It validates there, in the thread. */
export function threads<C extends Contract, Data = undefined>(
  agreed: C,
  module: URL | string,
  options?: ThreadOptions<Data>,
): Route<Data>
export function threads<Data>(
  first: Contract | URL | string,
  second?: URL | string | ThreadOptions<Data>,
  third?: ThreadOptions<Data>,
): Route<Data> {
  const isTyped = first instanceof Contract
  const module = (isTyped ? second : first) as URL | string
  const options = ((isTyped ? third : second) ?? {}) as ThreadOptions<Data>
  const resolved = resolveThreadOptions(options)
  const { ringBytes, resourceLimits, publish, clock } = resolved
  const pool = new ThreadPool(
    {
      moduleUrl: moduleUrlOf(module),
      isTyped,
      canPublish: publish !== null,
      ringBytes,
      resourceLimits,
    },
    resolved,
    clock,
  )
  const behavior: Behavior = {
    open: (connection) => open(connection as HeldConnection, pool, resolved),
    message: (connection, data) => servedOf(connection)?.message(data),
    drain: (connection) => servedOf(connection)?.drain(),
    close: (connection, code, reason) => servedOf(connection)?.close(code, reason),
  }
  return buildRoute('threads', { ...options, upgrade: upgradeWithin(pool, options) }, behavior)
}

/** The program's own `upgrade` first: a thread is promised only to those that it lets in. */
function upgradeWithin<Data>(
  pool: ThreadPool,
  options: ThreadOptions<Data>,
): NonNullable<RouteOptions<Data>['upgrade']> {
  const within = (
    request: UpgradeRequest,
    answer: UpgradeAnswer<Data> | void,
  ): UpgradeAnswer<Data> | void | Promise<UpgradeAnswer<Data> | void> => {
    if (answer !== undefined && answer.refuse !== undefined) return answer
    const isPromised = pool.promise(request)
    if (isPromised === true) return answer
    if (isPromised === false) return busy()
    return isPromised.then((isSo) => (isSo ? answer : busy()))
  }
  return (request) => {
    const answer = options.upgrade?.(request)
    return isPromise(answer)
      ? Promise.resolve(answer).then((settled) => within(request, settled))
      : within(request, answer)
  }
}

function busy(): { refuse: number; reason: string; headers: Record<string, string> } {
  const { message } = errorCatalogue.ERR_THREADS_BUSY
  return { refuse: 503, reason: `ERR_THREADS_BUSY: ${message}`, headers: { 'Retry-After': '1' } }
}

function servedOf(connection: object): ServedByThread | null {
  return (connection as HeldConnection).model as ServedByThread | null
}

function open(c: HeldConnection, pool: ThreadPool, options: ResolvedThreadOptions): void {
  const thread = pool.take(c.request)
  if (thread === null) {
    c.fail('ERR_THREADS_BUSY')
    return
  }
  const served = new ServedByThread(c, thread, options)
  const { id, data, subprotocol, request } = c
  try {
    thread.begin({ id, data, subprotocol, request: copyRequest(request) }, served)
  } catch (error) {
    pool.freed(thread)
    throw error
  }
  c.model = served
}

/** How soon a message that found no room is tried again. */
const RETRY_MS = 5

/** In bytes of UTF-8; at most three for each unit, which is near enough for short texts. */
function bytesAbout(message: string | Uint8Array): number {
  if (typeof message !== 'string') return message.length
  return message.length < 1_024 ? message.length * 3 : Buffer.byteLength(message)
}

/** A connection and its thread, until one of the two ends. */
class ServedByThread implements ThreadUser {
  readonly #c: HeldConnection
  readonly #options: ResolvedThreadOptions
  #thread: PooledThread | null
  #topic = ''
  /** A message that found no room. */
  #late: string | Uint8Array | null = null
  /** Why the thread was stopped, once it is. */
  #stopped: HoldlineError | null = null
  /** What would stop it: it takes nothing, or does not return after the end. */
  #cancelStop: CancelTimer | null = null
  #cancelRetry: CancelTimer | null = null
  #isClosed = false

  constructor(c: HeldConnection, thread: PooledThread, options: ResolvedThreadOptions) {
    this.#c = c
    this.#thread = thread
    this.#options = options
  }

  // --- The connection says

  message(data: string | Uint8Array): void {
    const thread = this.#thread
    if (thread === null || thread.write(ParcelKind.MESSAGE, data)) return
    this.#c.pauseFor(Bit.PAUSED_BY_MODEL)
    if (this.#options.stallMs > 0) this.#stopAfter(this.#options.stallMs, 'ERR_THREAD_STALLED')
  }

  drain(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = null
    const late = this.#late
    this.#late = null
    if (late !== null && !this.#send(late)) return
    this.#thread?.resume()
  }

  close(code: number, reason: string): void {
    this.#isClosed = true
    this.#late = null
    const thread = this.#thread
    if (thread === null) return
    this.#stopAfter(this.#options.graceMs, 'ERR_THREAD_GRACE')
    thread.write(ParcelKind.END, formatEnd(code, reason))
    thread.end()
  }

  // --- The thread says

  parcel(kind: number, payload: string | Uint8Array): boolean {
    if (kind === ParcelKind.MESSAGE) return this.#send(payload)
    try {
      this.#obey(kind, payload)
    } catch (error) {
      this.#failed(error)
    }
    return true
  }

  room(): void {
    // A grace that has begun goes on.
    if (this.#isClosed) return
    this.#cancelStop?.()
    this.#cancelStop = null
    this.#c.resumeFor(Bit.PAUSED_BY_MODEL)
  }

  finished(error: Error | null): void {
    this.#thread = null
    this.#cancelStop?.()
    this.#cancelRetry?.()
    const failure = this.#stopped ?? error
    if (failure !== null) this.#c.fail('ERR_HANDLER', failure)
    else this.#c.close(1000)
  }

  // --- Inside

  #obey(kind: number, payload: string | Uint8Array): void {
    const c = this.#c
    if (kind === ParcelKind.CLOSE) {
      const { code, reason } = parseEnd(payload as string)
      c.close(code, reason)
    } else if (kind === ParcelKind.SUBSCRIBE) void c.subscribe(payload as string)
    else if (kind === ParcelKind.UNSUBSCRIBE) c.unsubscribe(payload as string)
    else if (kind === ParcelKind.TOPIC) this.#topic = payload as string
    else if (kind === ParcelKind.PUBLISH) {
      const result = this.#options.publish!(this.#topic, payload)
      if (isPromise(result)) {
        result.then(undefined, (error: unknown) => this.#failed(error))
      }
    }
  }

  /** A subscription or a publication. Last words to a server that has closed meanwhile are nobody's failure. */
  #failed(error: unknown): void {
    if (this.#isClosed && (error as HoldlineError | null)?.code === 'ERR_SERVER_CLOSED') return
    this.#c.fail('ERR_HANDLER', error)
  }

  /** False: the line is behind, and what the thread sends waits in its ring until it is not. */
  #send(message: string | Uint8Array): boolean {
    const c = this.#c
    if (c.bufferedBytes === 0 || bytesAbout(message) + c.bufferedBytes <= c.limits.bufferedBytes) {
      return c.send(message) !== 'queued'
    }
    // On top of what waits it would pass the cap, and end the connection of a handler that is ready to wait. What waits
    // may be too little for `drain` to be called.
    this.#late = message
    this.#cancelRetry = this.#options.clock.setTimer(RETRY_MS, () => this.drain())
    return false
  }

  #stopAfter(ms: number, code: 'ERR_THREAD_GRACE' | 'ERR_THREAD_STALLED'): void {
    this.#cancelStop?.()
    this.#cancelStop = this.#options.clock.setTimer(ms, () => {
      this.#stopped = new HoldlineError(code, `${ms} ms`)
      this.#thread?.terminate()
    })
  }
}
