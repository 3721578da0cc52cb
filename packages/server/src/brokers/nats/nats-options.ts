// What `nats({ … })` takes, with the defaults. Types only.

import type { ConnectionOptions, NatsConnection } from '@nats-io/transport-node'

export interface NatsOptions {
  /** Addresses of servers, as `host:port` or `nats://host:port`; `tls://` for TLS. Default `127.0.0.1:4222`. */
  readonly servers?: string | readonly string[]
  /** Begins every subject and the name of every stream: servers with the same one share their topics. Default `holdline`. */
  readonly prefix?: string
  readonly user?: string
  readonly pass?: string
  readonly token?: string
  /** Anything else that the client library takes: `tls`, `authenticator`, `inboxPrefix`. It goes before the rest. */
  readonly client?: ConnectionOptions
  /** A connection of the program's own, which stays open at `stop`. Then the options above but `prefix` are not looked at. */
  readonly connection?: NatsConnection
  /** Whether topics may have history, in JetStream. Default true; false where the server has no JetStream. */
  readonly jetstream?: boolean
  /** Where JetStream keeps histories. Default `file`; `memory` is lost with the server. */
  readonly storage?: 'file' | 'memory'
  /** Servers of a cluster that keep each history, from 1 to 5. Default 1. */
  readonly replicas?: number
  /** JetStream's domain, where it has one. */
  readonly domain?: string
  /** Bytes that may wait for the server's answer; beyond it publications are refused with ERR_BROKER_BACKLOG. Default 16 MiB. */
  readonly backlogBytes?: number
}
