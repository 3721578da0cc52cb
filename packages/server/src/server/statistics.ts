// Counts what happens on a server, tells it on diagnostics channels, and logs what the program should know.

import { channel } from 'node:diagnostics_channel'
import type { ConnectionObserver } from '../connection/connection-context.ts'
import type { HeldConnection } from '../connection/held-connection.ts'
import type { UpgradeRequest } from '../connection/upgrade-request.ts'
import type { TopicCounters } from '../topics/topic-counters.ts'
import type { ErrorCode } from '../protocol/errors.ts'

/** Where Holdline writes what an operator should see. `console` fits; null is silence. */
export interface Logger {
  info(message: string): void
  warn(message: string): void
  error(message: string, error?: unknown): void
}

/** Traffic of one route in this process since it started. */
export interface RouteStats {
  readonly path: string
  readonly model: string
  readonly connections: number
  readonly opened: number
  readonly messagesReceived: number
  readonly messagesSent: number
  /** Bytes of frames, before TLS. */
  readonly bytesReceived: number
  readonly bytesSent: number
}

/** Counters of topics in this process, and how many subscribers are behind now: they skip, wait, or read history. */
export type DeliveryStats = Readonly<TopicCounters> & { readonly lagging: number }

/** What `server.stats()` gives: counters of this process since it started, gauges as they are now. */
export interface ServerStats {
  readonly engine: string
  readonly workerId: number
  readonly uptimeMs: number
  readonly connections: number
  readonly isDraining: boolean
  readonly routes: readonly RouteStats[]
  /** Connections that ended, by close code. */
  readonly closes: Readonly<Record<string, number>>
  /** Connections that Holdline ended, and requests that failed alone (ERR_REQUEST_…), by code of the catalogue. */
  readonly failures: Readonly<Record<string, number>>
  /** Upgrade requests refused, by code of the catalogue. */
  readonly refusals: Readonly<Record<string, number>>
  readonly topics: number
  readonly subscriptions: number
  /** What became of publications. */
  readonly delivery: DeliveryStats
}

const opens = channel('holdline:connection:open')
const closes = channel('holdline:connection:close')
const failures = channel('holdline:connection:failure')
const reports = channel('holdline:connection:report')
const refusals = channel('holdline:upgrade:refused')

export class Statistics implements ConnectionObserver {
  readonly closesByCode: Map<string, number> = new Map()
  readonly failuresByCode: Map<string, number> = new Map()
  readonly refusalsByCode: Map<string, number> = new Map()
  readonly #logger: Logger | null

  constructor(logger: Logger | null) {
    this.#logger = logger
  }

  opened(connection: HeldConnection): void {
    if (opens.hasSubscribers) opens.publish({ connection })
  }

  closed(connection: HeldConnection, code: number, reason: string): void {
    count(this.closesByCode, String(code))
    if (closes.hasSubscribers) closes.publish({ connection, code, reason })
  }

  failed(connection: HeldConnection, code: ErrorCode, error: unknown): void {
    count(this.failuresByCode, code)
    if (failures.hasSubscribers) failures.publish({ connection, code, error })
    if (code === 'ERR_HANDLER') {
      const which = `connection ${connection.id} of ${connection.routePath}`
      this.#logger?.error(`holdline: a handler failed (${code}, ${which})`, error)
    }
  }

  reported(connection: HeldConnection, code: ErrorCode, error: unknown): void {
    count(this.failuresByCode, code)
    if (reports.hasSubscribers) reports.publish({ connection, code, error })
    if (error !== undefined) {
      const which = `connection ${connection.id} of ${connection.routePath}`
      this.#logger?.error(`holdline: a request failed (${code}, ${which})`, error)
    }
  }

  readonly refused = (request: UpgradeRequest, code: ErrorCode, error?: unknown): void => {
    count(this.refusalsByCode, code)
    if (refusals.hasSubscribers) refusals.publish({ request, code, error })
    if (error !== undefined) {
      this.#logger?.error(`holdline: an upgrade failed (${code}, ${request.path})`, error)
    }
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
