// One route of one server: what is resolved of its options, its connections, its counters, and its verdict on
// requests that reached it.

import type {
  ConnectionContext,
  ConnectionObserver,
  TrafficCounters,
} from '../connection/connection-context.ts'
import type { Clock } from '../connection/clock.ts'
import { ConnectionList } from '../connection/connection-list.ts'
import type { Judgement } from '../connection/engine.ts'
import { HeldConnection } from '../connection/held-connection.ts'
import { isPromise } from '../connection/lane.ts'
import type { Limits } from '../connection/limits.ts'
import { resolveLimits } from '../connection/limits.ts'
import type { Keepalive, Route, UpgradeAnswer } from '../connection/route.ts'
import type { TimingWheel } from '../connection/timing-wheel.ts'
import type { TopicHub } from '../connection/topic-hub.ts'
import { ONLY_LINE } from '../connection/transport.ts'
import type { Transport } from '../connection/transport.ts'
import type { Turn } from '../connection/turn.ts'
import type { UpgradeRequest } from '../connection/upgrade-request.ts'
import type { DeflateOptions } from '../protocol/deflate-parameters.ts'
import { checkDeflateOptions } from '../protocol/deflate-parameters.ts'
import type { ErrorCode } from '../protocol/errors.ts'
import { HoldlineError } from '../protocol/errors.ts'
import { parseSubprotocols, refusalResponse, upgradeResponse } from '../protocol/handshake.ts'
import { FrameParser } from '../protocol/parser.ts'
import type { Admission } from './admission.ts'
import { agreeOnDeflate } from './deflate-agreement.ts'
import type { OriginCheck } from './origin.ts'
import { originCheck } from './origin.ts'

/** What all routes of a server share. */
export interface RouteEnvironment {
  readonly limits: Limits
  readonly origins: Route['origins']
  readonly clock: Clock
  readonly wheel: TimingWheel
  readonly turn: Turn
  readonly hub: TopicHub
  readonly observer: ConnectionObserver
  /** Lets so many in each second; without it everybody. */
  readonly admission?: Admission | null
  /** A request was refused. */
  refused(request: UpgradeRequest, code: ErrorCode, error?: unknown): void
}

const defaultKeepalive: Keepalive = { pingMs: 25_000, timeoutMs: 20_000 }

export class ServedRoute implements ConnectionObserver {
  readonly path: string
  readonly route: Route
  readonly limits: Limits
  readonly connections: ConnectionList<HeldConnection> = new ConnectionList()
  readonly counters: TrafficCounters = {
    messagesReceived: 0,
    messagesSent: 0,
    bytesReceived: 0,
    bytesSent: 0,
  }
  /** Connections opened since the start. */
  openedCount = 0

  readonly #environment: RouteEnvironment
  readonly #context: ConnectionContext
  readonly #originCheck: OriginCheck
  readonly #deflate: DeflateOptions | null
  /** Connections and accepted requests under way, for the limits. */
  #reserved = 0
  readonly #reservedByAddress = new Map<string, number>()

  /** @throws HoldlineError ERR_OPTION_INVALID, ERR_DEFLATE_OPTION */
  constructor(path: string, route: Route, environment: RouteEnvironment) {
    this.path = path
    this.route = route
    this.limits = resolveLimits(route.limits, environment.limits)
    this.#environment = environment
    this.#originCheck = originCheck(route.origins ?? environment.origins)
    this.#deflate = resolveDeflate(route.deflate)
    this.#context = {
      routePath: path,
      behavior: route.behavior,
      limits: this.limits,
      keepalive: resolveKeepalive(route.keepalive),
      parser: new FrameParser({ role: 'server', maxMessageBytes: this.limits.messageBytes }),
      wheel: environment.wheel,
      turn: environment.turn,
      hub: environment.hub,
      counters: this.counters,
      observer: this,
    }
  }

  /** The verdict on a request that is a proper upgrade to this path. */
  judge(request: UpgradeRequest): Judgement | Promise<Judgement> {
    try {
      if (request.headBytes > this.limits.headerBytes) {
        return this.#refuse(request, 'ERR_UPGRADE_HEADERS')
      }
      if (!this.#originCheck(request)) return this.#refuse(request, 'ERR_UPGRADE_ORIGIN')
      const refusal = this.#reserve(request)
      if (refusal !== null) return this.#refuse(request, refusal)
      // Last of what costs little: a place in the ramp is for those who would be let in.
      if (this.#environment.admission?.take() === false) return this.#putOff(request)
    } catch (error) {
      return this.#refuse(request, 'ERR_UPGRADE_FAILED', error)
    }
    try {
      const answer = this.route.upgrade?.(request)
      if (isPromise(answer)) {
        const judged = Promise.resolve(answer).then(
          (settled) => this.#settle(request, settled),
          (error: unknown) => this.#give(request, 'ERR_UPGRADE_FAILED', error),
        )
        return this.#inTime(request, judged)
      }
      return this.#settle(request, answer)
    } catch (error) {
      return this.#give(request, 'ERR_UPGRADE_FAILED', error)
    }
  }

  /** The engine bounds the whole handshake by the server's limit; a route may be stricter. */
  #inTime(request: UpgradeRequest, judged: Promise<Judgement>): Promise<Judgement> {
    const { handshakeMs } = this.limits
    if (handshakeMs >= this.#environment.limits.handshakeMs) return judged
    return new Promise((resolve) => {
      let isLate = false
      const cancel = this.#environment.clock.setTimer(handshakeMs, () => {
        isLate = true
        this.#environment.refused(request, 'ERR_UPGRADE_TIMEOUT')
        const response = refusalResponse(503, 'ERR_UPGRADE_TIMEOUT')
        resolve({ accepted: false, code: 'ERR_UPGRADE_TIMEOUT', response })
      })
      // It stays counted until the route's function is done.
      void judged.then((judgement) => {
        cancel()
        if (!isLate) resolve(judgement)
        else if (judgement.accepted) judgement.abandon()
      })
    })
  }

  #settle(request: UpgradeRequest, answer: UpgradeAnswer<unknown> | void): Judgement {
    try {
      // `in` throws for false, null and other mistakes: they must not be taken for a yes.
      if (answer !== undefined && 'refuse' in answer && answer.refuse !== undefined) {
        const { refuse, headers, reason } = answer
        // First what may throw: the request is given back once.
        const response = refusalResponse(
          checkStatus(refuse),
          'ERR_UPGRADE_REFUSED',
          headers,
          reason,
        )
        this.#release(request)
        this.#environment.refused(request, 'ERR_UPGRADE_REFUSED')
        return { accepted: false, code: 'ERR_UPGRADE_REFUSED', response }
      }
      return this.#accept(request, answer ?? {})
    } catch (error) {
      return this.#give(request, 'ERR_UPGRADE_FAILED', error)
    }
  }

  #accept(
    request: UpgradeRequest,
    answer: Exclude<UpgradeAnswer<unknown>, { refuse: number }>,
  ): Judgement {
    const subprotocol = this.#subprotocol(request, answer.subprotocol)
    const offers = request.header('sec-websocket-extensions')
    const deflate = this.#deflate === null ? null : agreeOnDeflate(offers, this.#deflate)
    const response = upgradeResponse({
      key: request.key,
      subprotocol: subprotocol === '' ? undefined : subprotocol,
      extensions: deflate?.responseHeader,
      headers: answer.headers,
    })
    return {
      accepted: true,
      connect: (transport: Transport, line = ONLY_LINE) => {
        request.compact()
        const connection = new HeldConnection(this.#context, transport, line, {
          request,
          subprotocol,
          data: answer.data,
          inflater: deflate?.inflater ?? null,
          deflater: deflate?.deflater ?? null,
        })
        connection.start(response)
        return connection
      },
      abandon: () => this.#release(request),
    }
  }

  /** RFC 6455 §4.2.2: one of those offered, or none. The route's function is called once, even with []. */
  #subprotocol(request: UpgradeRequest, chosen: string | undefined): string {
    const offered = parseSubprotocols(request.header('sec-websocket-protocol')) ?? []
    const { subprotocols } = this.route
    let subprotocol = chosen ?? null
    if (typeof subprotocols === 'function') subprotocol = subprotocols(offered, request)
    else if (chosen === undefined && subprotocols !== undefined) {
      subprotocol = subprotocols.find((name) => offered.includes(name)) ?? null
    }
    if (subprotocol === null || subprotocol === '') return ''
    if (offered.includes(subprotocol)) return subprotocol
    throw new HoldlineError('ERR_OPTION_INVALID', `the subprotocol ${subprotocol} was not offered`)
  }

  /** Counts the request against the limits from now on, so that many at once cannot pass them together. */
  #reserve(request: UpgradeRequest): ErrorCode | null {
    const { connections, connectionsPerAddress } = this.limits
    if (connections > 0 && this.#reserved >= connections) return 'ERR_UPGRADE_CONNECTIONS'
    if (connectionsPerAddress > 0) {
      const count = this.#reservedByAddress.get(request.remoteAddress) ?? 0
      if (count >= connectionsPerAddress) return 'ERR_UPGRADE_ADDRESS_CONNECTIONS'
      this.#reservedByAddress.set(request.remoteAddress, count + 1)
    }
    this.#reserved++
    return null
  }

  #release(request: UpgradeRequest): void {
    this.#reserved--
    if (this.limits.connectionsPerAddress === 0) return
    const count = (this.#reservedByAddress.get(request.remoteAddress) ?? 1) - 1
    if (count > 0) this.#reservedByAddress.set(request.remoteAddress, count)
    else this.#reservedByAddress.delete(request.remoteAddress)
  }

  /** Refuses a request that had been counted, and says when to come again. */
  #putOff(request: UpgradeRequest): Judgement {
    this.#release(request)
    const code = 'ERR_UPGRADE_ADMISSION'
    this.#environment.refused(request, code)
    return { accepted: false, code, response: this.#environment.admission!.refusal() }
  }

  #refuse(request: UpgradeRequest, code: ErrorCode, error?: unknown): Judgement {
    this.#environment.refused(request, code, error)
    return { accepted: false, code, response: refusalResponse(undefined, code) }
  }

  /** Refuses a request that had been counted. */
  #give(request: UpgradeRequest, code: ErrorCode, error: unknown): Judgement {
    this.#release(request)
    return this.#refuse(request, code, error)
  }

  // --- ConnectionObserver

  opened(connection: HeldConnection): void {
    this.openedCount++
    this.connections.add(connection)
    this.#environment.observer.opened(connection)
  }

  closed(connection: HeldConnection, code: number, reason: string): void {
    this.connections.delete(connection)
    this.#release(connection.request)
    this.#environment.observer.closed(connection, code, reason)
  }

  failed(connection: HeldConnection, code: ErrorCode, error: unknown): void {
    this.#environment.observer.failed(connection, code, error)
  }

  reported(connection: HeldConnection, code: ErrorCode, error: unknown): void {
    this.#environment.observer.reported(connection, code, error)
  }
}

function resolveKeepalive(set: Route['keepalive']): Keepalive | null {
  if (set === false) return null
  const keepalive = { ...defaultKeepalive, ...set }
  for (const [name, value] of Object.entries(keepalive)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      const detail = `keepalive.${name} is ${String(value)}, not a number of milliseconds from 1`
      throw new HoldlineError('ERR_OPTION_INVALID', detail)
    }
  }
  return Object.freeze(keepalive)
}

function resolveDeflate(set: Route['deflate']): DeflateOptions | null {
  if (set === undefined || set === false) return null
  const options = set === true ? {} : set
  checkDeflateOptions(options)
  return options
}

function checkStatus(status: number): number {
  if (Number.isInteger(status) && status >= 400 && status <= 599) return status
  throw new HoldlineError(
    'ERR_OPTION_INVALID',
    `refuse: ${status} is no HTTP status from 400 to 599`,
  )
}
