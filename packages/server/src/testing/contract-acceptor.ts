// Owns the smallest server there can be above an engine: routes by exact path, no topics. The contract suite of
// engines stands on it, so that it says nothing about the server layer.

import type { Behavior } from '../connection/connection.ts'
import type { ConnectionContext, TrafficCounters } from '../connection/connection-context.ts'
import type { Clock } from '../connection/clock.ts'
import type { Acceptance, Acceptor, Judgement } from '../connection/engine.ts'
import { HeldConnection } from '../connection/held-connection.ts'
import type { ConnectionInit } from '../connection/held-connection.ts'
import { defaultLimits, resolveLimits } from '../connection/limits.ts'
import type { Limits } from '../connection/limits.ts'
import type { Keepalive, UpgradeAnswer } from '../connection/route.ts'
import { TimingWheel } from '../connection/timing-wheel.ts'
import type { TopicHub } from '../connection/topic-hub.ts'
import { ONLY_LINE } from '../connection/transport.ts'
import type { Transport } from '../connection/transport.ts'
import { Turn } from '../connection/turn.ts'
import type { UpgradeRequest } from '../connection/upgrade-request.ts'
import { Deflater, Inflater } from '../protocol/deflate.ts'
import { negotiateDeflate } from '../protocol/deflate-parameters.ts'
import type { DeflateOptions, NegotiatedDeflate } from '../protocol/deflate-parameters.ts'
import { HoldlineError } from '../protocol/errors.ts'
import type { ErrorCode } from '../protocol/errors.ts'
import { refusalResponse, upgradeResponse } from '../protocol/handshake.ts'
import { FrameParser } from '../protocol/parser.ts'

export interface ContractRoute {
  readonly behavior: Behavior
  readonly limits?: Partial<Limits>
  readonly keepalive?: Keepalive
  readonly deflate?: DeflateOptions
  readonly upgrade?: (
    request: UpgradeRequest,
  ) => UpgradeAnswer<unknown> | Promise<UpgradeAnswer<unknown>>
}

/** Something that the core told the observer. */
export interface Failure {
  readonly connection: HeldConnection
  readonly code: ErrorCode
  readonly error: unknown
}

/** No topics: nothing is ever published. */
export const emptyHub: TopicHub = Object.freeze({
  subscribe: () => Promise.reject(new HoldlineError('ERR_SERVER_CLOSED')),
  unsubscribe: () => {},
  leave: () => {},
  publish: () => Promise.reject(new HoldlineError('ERR_SERVER_CLOSED')),
  history: () => Promise.reject(new HoldlineError('ERR_SERVER_CLOSED')),
  listen: () => () => {},
  take: () => 0,
  lagBytes: () => 0,
})

export class ContractAcceptor implements Acceptor {
  readonly limits: Limits
  readonly http = null
  readonly opened: HeldConnection[] = []
  readonly closed: HeldConnection[] = []
  readonly failures: Failure[] = []
  /** Acceptances that were given up because their line went first. */
  abandonedCount = 0
  readonly #contexts = new Map<string, { context: ConnectionContext; route: ContractRoute }>()

  constructor(
    clock: Clock,
    routes: Readonly<Record<string, ContractRoute>>,
    limits: Partial<Limits> = {},
  ) {
    this.limits = resolveLimits(limits, defaultLimits)
    const wheel = new TimingWheel(clock)
    const turn = new Turn(clock)
    for (const [routePath, route] of Object.entries(routes)) {
      const routeLimits = resolveLimits(route.limits, this.limits)
      const context: ConnectionContext = {
        routePath,
        behavior: route.behavior,
        limits: routeLimits,
        keepalive: route.keepalive ?? null,
        parser: new FrameParser({ role: 'server', maxMessageBytes: routeLimits.messageBytes }),
        wheel,
        turn,
        hub: emptyHub,
        counters: newCounters(),
        observer: {
          opened: (connection) => void this.opened.push(connection),
          closed: (connection) => void this.closed.push(connection),
          failed: (connection, code, error) => void this.failures.push({ connection, code, error }),
          reported: () => {},
        },
      }
      this.#contexts.set(routePath, { context, route })
    }
  }

  serves(target: string): boolean {
    return this.#contexts.has(target.split('?', 1)[0]!)
  }

  /** Traffic of a route. */
  counters(path: string): TrafficCounters {
    return this.#contexts.get(path)!.context.counters
  }

  judge(request: UpgradeRequest): Judgement | Promise<Judgement> {
    const { problem } = request
    if (problem !== null) return refusal(problem)
    const found = this.#contexts.get(request.path)
    if (found === undefined) return refusal('ERR_UPGRADE_NOT_FOUND')
    const answer = found.route.upgrade?.(request) ?? {}
    const judge = (settled: UpgradeAnswer<unknown>): Judgement =>
      this.#judged(request, found.context, found.route, settled)
    return answer instanceof Promise ? answer.then(judge) : judge(answer)
  }

  #judged(
    request: UpgradeRequest,
    context: ConnectionContext,
    route: ContractRoute,
    answer: UpgradeAnswer<unknown>,
  ): Judgement {
    if ('refuse' in answer) return refusal('ERR_UPGRADE_REFUSED', answer.refuse)
    const negotiated =
      route.deflate === undefined
        ? null
        : negotiateDeflate(request.header('sec-websocket-extensions'), route.deflate)
    const response = upgradeResponse({
      key: request.key,
      extensions: negotiated?.responseHeader,
      headers: answer.headers,
    })
    const acceptance: Acceptance = {
      accepted: true,
      connect: (transport: Transport, line = ONLY_LINE) => {
        const connection = new HeldConnection(context, transport, line, {
          request,
          subprotocol: '',
          data: answer.data,
          ...compression(negotiated, route.deflate?.thresholdBytes ?? 0),
        })
        request.compact()
        connection.start(response)
        return connection
      },
      abandon: () => {
        this.abandonedCount++
      },
    }
    return acceptance
  }
}

function refusal(code: ErrorCode, status?: number): Judgement {
  return { accepted: false, code, response: refusalResponse(status, code) }
}

function compression(
  negotiated: NegotiatedDeflate | null,
  thresholdBytes: number,
): Pick<ConnectionInit, 'inflater' | 'deflater'> {
  if (negotiated === null) return { inflater: null, deflater: null }
  const { parameters } = negotiated
  const deflater = new Deflater({
    windowBits: parameters.serverMaxWindowBits,
    noContextTakeover: parameters.serverNoContextTakeover,
  })
  return {
    inflater: new Inflater({
      windowBits: parameters.clientMaxWindowBits,
      noContextTakeover: parameters.clientNoContextTakeover,
    }),
    deflater: {
      deflate: (bytes) => (bytes.length < thresholdBytes ? null : deflater.deflate(bytes)),
    },
  }
}

function newCounters(): TrafficCounters {
  return { messagesReceived: 0, messagesSent: 0, bytesReceived: 0, bytesSent: 0 }
}
