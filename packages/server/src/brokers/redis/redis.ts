// What a program sets for the broker on Redis, checked. Owns how a client is made; must not know what it is for.

import { createClient } from 'redis'
import { HoldlineError } from '../../protocol/errors.ts'
import type { Broker } from '../../topics/broker.ts'
import type { NodeAddress } from './cluster-slots.ts'
import { RedisBroker } from './redis-broker.ts'
import { RedisClusterBroker } from './redis-cluster-broker.ts'
import type { RedisClient } from './redis-client.ts'
import { connectionOf } from './redis-client.ts'

/** A Redis or Valkey cluster, version 7 or later. */
export interface RedisClusterNodes {
  /** Addresses as `url` of some of its nodes. The first one's credentials and TLS are used for all. */
  readonly nodes: readonly string[]
  /** Where a node is reached from here, if not at the address that the cluster itself uses. */
  readonly addressOf?: (address: NodeAddress) => NodeAddress
}

export interface RedisOptions {
  /** `redis[s]://[[user][:password]@]host[:port][/database]`. Default `redis://127.0.0.1:6379`. */
  readonly url?: string
  /**
   * `createClient(…)` of the npm package `redis`, for all that an address does not say: certificates, credentials that
   * change. Its options are used; it is itself not connected, and stays the program's.
   */
  readonly client?: RedisClient
  /** A cluster, in place of `url` and `client`. Subscriptions to patterns are refused there: sharded channels have none. */
  readonly cluster?: RedisClusterNodes
  /** Begins all keys and channels, so that several programs can share a server. Default `holdline`. */
  readonly prefix?: string
  /** Most bytes that wait for Redis; beyond it publications are refused with ERR_BROKER_BACKLOG. Default 64 MiB. */
  readonly backlogBytes?: number
}

/** @throws HoldlineError ERR_OPTION_INVALID */
export function redis(options: RedisOptions = {}): Broker {
  const { url, prefix = 'holdline', backlogBytes = 67_108_864 } = options
  if (!/^[^{}\s]{1,64}$/.test(prefix)) {
    throw new HoldlineError(
      'ERR_OPTION_INVALID',
      'prefix has 1 to 64 characters other than { and }',
    )
  }
  if (!Number.isSafeInteger(backlogBytes) || backlogBytes < 1) {
    throw new HoldlineError('ERR_OPTION_INVALID', 'backlogBytes is a whole number from 1')
  }
  if (url !== undefined && options.client !== undefined) {
    throw new HoldlineError('ERR_OPTION_INVALID', 'url and client exclude one another')
  }
  if (options.cluster !== undefined) {
    if (url !== undefined || options.client !== undefined) {
      throw new HoldlineError('ERR_OPTION_INVALID', 'cluster stands alone, without url and client')
    }
    return clusterOf(options.cluster, prefix, backlogBytes)
  }
  let { client } = options
  const connect = (): ReturnType<typeof connectionOf> =>
    connectionOf((client ??= clientOf(url ?? 'redis://127.0.0.1:6379')))
  return new RedisBroker({ connect, prefix, backlogBytes })
}

function clientOf(url: string): RedisClient {
  return createClient({ url })
}

function clusterOf(
  { nodes, addressOf = (address) => address }: RedisClusterNodes,
  prefix: string,
  backlogBytes: number,
): Broker {
  if (nodes.length === 0 || !nodes.every((node) => URL.canParse(node))) {
    throw new HoldlineError('ERR_OPTION_INVALID', 'cluster.nodes is a list of redis:// addresses')
  }
  const urls = nodes.map((node) => new URL(node))
  return new RedisClusterBroker({
    seeds: urls.map(({ hostname, port }) => ({ host: hostname, port: Number(port || 6379) })),
    connectTo: (address) => {
      const { host, port } = addressOf(address)
      const url = new URL(urls[0]!)
      url.hostname = host.includes(':') ? `[${host}]` : host
      url.port = String(port)
      return connectionOf(clientOf(url.href))
    },
    prefix,
    backlogBytes,
  })
}
