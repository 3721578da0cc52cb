// The routes of a server, as engines see them: every request is judged here.

import type { Acceptor, HttpHandler, Judgement } from '../connection/engine.ts'
import type { HeldConnection } from '../connection/held-connection.ts'
import type { Limits } from '../connection/limits.ts'
import type { Route } from '../connection/route.ts'
import type { UpgradeRequest } from '../connection/upgrade-request.ts'
import type { ErrorCode } from '../protocol/errors.ts'
import { refusalResponse } from '../protocol/handshake.ts'
import { Router } from './router.ts'
import type { RouteEnvironment } from './served-route.ts'
import { ServedRoute } from './served-route.ts'

export class RouteAcceptor implements Acceptor {
  readonly limits: Limits
  readonly http: HttpHandler | null
  readonly routes: readonly ServedRoute[]
  /** Set when the server drains: upgrades are answered 503. */
  isDraining = false

  readonly #router = new Router<ServedRoute>()
  readonly #environment: RouteEnvironment

  /** @throws HoldlineError ERR_ROUTE_INVALID, ERR_OPTION_INVALID, ERR_DEFLATE_OPTION */
  constructor(
    routes: Readonly<Record<string, Route>>,
    environment: RouteEnvironment,
    http: HttpHandler | null,
  ) {
    this.limits = environment.limits
    this.http = http
    this.#environment = environment
    this.routes = Object.entries(routes).map(([path, route]) => {
      const served = new ServedRoute(path, route, environment)
      this.#router.add(path, served)
      return served
    })
  }

  /** Every connection held now. */
  *connections(): IterableIterator<HeldConnection> {
    for (const route of this.routes) yield* route.connections
  }

  get connectionCount(): number {
    return this.routes.reduce((sum, route) => sum + route.connections.size, 0)
  }

  serves(target: string): boolean {
    return this.#router.match(target) !== null
  }

  judge(request: UpgradeRequest): Judgement | Promise<Judgement> {
    // RFC 6455 §4.2.1 allows an absolute URI; only requests to a proxy have one, and caches and servers that read
    // such a target differently have been played off against each other.
    if (!request.target.startsWith('/')) return this.#refuse(request, 'ERR_UPGRADE_MALFORMED')
    const match = this.#router.match(request.target)
    if (match === null) return this.#refuse(request, 'ERR_UPGRADE_NOT_FOUND')
    const { problem } = request
    if (problem !== null) return this.#refuse(request, problem)
    if (this.isDraining) return this.#refuse(request, 'ERR_UPGRADE_DRAINING')
    request.params = match.params
    const judgement = match.value.judge(request)
    if (!(judgement instanceof Promise)) return judgement
    return judgement.then((settled) => this.#unlessDraining(request, settled))
  }

  /** The drain may have begun while the route judged: it has told every connection to close, but not this one. */
  #unlessDraining(request: UpgradeRequest, judgement: Judgement): Judgement {
    if (!this.isDraining || !judgement.accepted) return judgement
    judgement.abandon()
    return this.#refuse(request, 'ERR_UPGRADE_DRAINING')
  }

  #refuse(request: UpgradeRequest, code: ErrorCode): Judgement {
    this.#environment.refused(request, code)
    const later = code === 'ERR_UPGRADE_DRAINING' ? { 'Retry-After': '1' } : undefined
    return { accepted: false, code, response: refusalResponse(undefined, code, later) }
  }
}
