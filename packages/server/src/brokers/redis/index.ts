// The broker on Redis or Valkey, as a program asks for it: `serve({ broker: redis({ url }) })`.

export { redis } from './redis.ts'
export type { NodeAddress } from './cluster-slots.ts'
export type { RedisClusterNodes, RedisOptions } from './redis.ts'
export type { RedisClient } from './redis-client.ts'
