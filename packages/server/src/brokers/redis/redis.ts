// What a program sets for the broker on Redis, checked. Owns how a client is made; must not know what it is for.

import { createClient } from 'redis'
import { HoldlineError } from '../../protocol/errors.ts'
import type { Broker } from '../../topics/broker.ts'
import { RedisBroker } from './redis-broker.ts'
import type { RedisClient } from './redis-client.ts'
import { connectionOf } from './redis-client.ts'

export interface RedisOptions {
  /** `redis[s]://[[user][:password]@]host[:port][/database]`. Default `redis://127.0.0.1:6379`. */
  readonly url?: string
  /**
   * `createClient(…)` of the npm package `redis`, for all that an address does not say: certificates, credentials that
   * change. Its options are used; it is itself not connected, and stays the program's.
   */
  readonly client?: RedisClient
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
  let { client } = options
  const connect = (): ReturnType<typeof connectionOf> =>
    connectionOf((client ??= clientOf(url ?? 'redis://127.0.0.1:6379')))
  return new RedisBroker({ connect, prefix, backlogBytes })
}

function clientOf(url: string): RedisClient {
  return createClient({ url })
}
