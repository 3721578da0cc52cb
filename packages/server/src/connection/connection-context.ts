// What all connections of one route in one process share, so that a connection itself stays small.

import type { ErrorCode } from '../protocol/errors.ts'
import type { FrameParser } from '../protocol/parser.ts'
import type { Behavior } from './connection.ts'
import type { HeldConnection } from './held-connection.ts'
import type { Limits } from './limits.ts'
import type { Keepalive } from './route.ts'
import type { TimingWheel } from './timing-wheel.ts'
import type { TopicHub } from './topic-hub.ts'
import type { Turn } from './turn.ts'

/** Counters of a route since the server started. */
export interface TrafficCounters {
  messagesReceived: number
  messagesSent: number
  bytesReceived: number
  bytesSent: number
}

/** Who is told what happens to connections: statistics, diagnostics, logs. */
export interface ConnectionObserver {
  opened(connection: HeldConnection): void
  /** The connection is gone, after the behavior's `close`. */
  closed(connection: HeldConnection, code: number, reason: string): void
  /** Holdline ended the connection. `error` is what a handler threw, for ERR_HANDLER. */
  failed(connection: HeldConnection, code: ErrorCode, error: unknown): void
  /** Something failed in a handler, and the connection goes on. `error` is what it threw, if it threw. */
  reported(connection: HeldConnection, code: ErrorCode, error: unknown): void
}

export interface ConnectionContext {
  readonly routePath: string
  readonly behavior: Behavior
  readonly limits: Limits
  /** null: no pings. */
  readonly keepalive: Keepalive | null
  readonly parser: FrameParser
  readonly wheel: TimingWheel
  readonly turn: Turn
  readonly hub: TopicHub
  readonly counters: TrafficCounters
  readonly observer: ConnectionObserver
}
