// The broker on a Redis cluster: a broker for each master, and each topic at the one that has its slot, where its channel is
// a sharded one. Owns who has what and what moves; must not know how a topic is kept.

import { HoldlineError } from '../../protocol/errors.ts'
import type {
  AppendOptions,
  Broker,
  BrokerSink,
  Cursor,
  PublishedMessage,
  ReadLimit,
  ReadResult,
  Retention,
} from '../../topics/broker.ts'
import { newEpoch } from '../../topics/history.ts'
import { keyOf, SlotMap, slotOf } from './cluster-slots.ts'
import type { NodeAddress } from './cluster-slots.ts'
import { RedisBroker } from './redis-broker.ts'
import type { RedisConnection } from './redis-client.ts'
import { isPattern, TopicNames } from './topic-names.ts'

export interface RedisClusterOptions {
  /** Nodes that are asked who has what; one that answers is enough. */
  readonly seeds: readonly NodeAddress[]
  /** Makes a connection to a node, which is not connected yet. */
  readonly connectTo: (address: NodeAddress) => RedisConnection
  readonly prefix: string
  /** For each node. */
  readonly backlogBytes: number
}

interface Shard {
  readonly address: NodeAddress
  readonly broker: RedisBroker
  isAway: boolean
}

interface Topic {
  readonly retention: Retention | null
  /** null: nobody has its slot. */
  shard: Shard | null
}

/** Who has what is looked at so often, and at once where a node says that it is not the one. */
const LOOK_MS = 2_000
const LOOK_AGAIN_MS = 200
/** Whoever asked is answered in time, found or not. */
const LOOK_WITHIN_MS = 1_500

export class RedisClusterBroker implements Broker {
  readonly name = 'redis'
  /** Sharded channels have none. */
  readonly hasPatterns = false
  readonly processName: string = newEpoch()
  readonly #options: RedisClusterOptions
  readonly #names: TopicNames
  readonly #shards = new Map<string, Shard>()
  readonly #topics = new Map<string, Topic>()
  #map: SlotMap | null = null
  #sink: BrokerSink | null = null
  #looking: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null
  #isAway = false

  constructor(options: RedisClusterOptions) {
    this.#options = options
    this.#names = new TopicNames(options.prefix)
  }

  async start(sink: BrokerSink): Promise<void> {
    const failures: string[] = []
    this.#sink = sink
    for (const seed of this.#options.seeds) {
      try {
        await this.#begin(seed)
        this.#lookLater(LOOK_MS)
        return
      } catch (error) {
        failures.push(`${keyOf(seed)}: ${(error as Error).message}`)
        await this.#end()
      }
    }
    this.#sink = null
    throw new HoldlineError('ERR_BROKER_START', `redis cluster: ${failures.join('; ')}`)
  }

  publish(topic: string, message: PublishedMessage): Promise<void> {
    return this.#at(topic, (broker) => broker.publish(topic, message))
  }

  append(topic: string, message: PublishedMessage, options: AppendOptions): Promise<Cursor> {
    return this.#at(topic, (broker) => broker.append(topic, message, options))
  }

  read(
    topic: string,
    after: Cursor | 'start',
    limit: ReadLimit,
    retention: Retention,
  ): Promise<ReadResult> {
    return this.#at(topic, (broker) => broker.read(topic, after, limit, retention))
  }

  async attach(topic: string, retention: Retention | null): Promise<Cursor | null> {
    if (isPattern(topic)) throw new HoldlineError('ERR_TOPIC_PATTERN', topic)
    const before = this.#topics.get(topic)
    const attached: Topic = { retention: retention ?? before?.retention ?? null, shard: null }
    this.#topics.set(topic, attached)
    try {
      return await this.#at(topic, (broker, shard) => {
        attached.shard = shard
        return broker.attach(topic, retention)
      })
    } catch (error) {
      if (before === undefined && this.#topics.get(topic) === attached) this.#topics.delete(topic)
      throw error
    }
  }

  detach(topic: string): void {
    const attached = this.#topics.get(topic)
    this.#topics.delete(topic)
    attached?.shard?.broker.detach(topic)
  }

  async stop(): Promise<void> {
    this.#sink = null
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#looking
    await this.#end()
  }

  async #end(): Promise<void> {
    const brokers = [...this.#shards.values()].map(({ broker }) => broker)
    this.#shards.clear()
    await Promise.all(brokers.map((broker) => broker.stop()))
  }

  /** Does something at the master of the topic; at the next one where it says that it is no longer the master. */
  async #at<T>(topic: string, work: (broker: RedisBroker, shard: Shard) => Promise<T>): Promise<T> {
    if (this.#sink === null) throw new HoldlineError('ERR_BROKER_STOPPED', topic)
    try {
      const shard = this.#shardOf(topic)
      return await work(shard.broker, shard)
    } catch (error) {
      if (!isElsewhere(error)) throw error
      // It was refused, so nothing was done: it may be asked again.
      await Promise.race([this.#look(), pass(LOOK_WITHIN_MS)])
      const shard = this.#shardOf(topic)
      return work(shard.broker, shard)
    }
  }

  #shardOf(topic: string): Shard {
    const master = this.#map?.masterOf(slotOf(this.#names.channel(topic)))
    const shard = master === undefined ? undefined : this.#shards.get(keyOf(master))
    if (shard === undefined) {
      throw new HoldlineError('ERR_BROKER_AWAY', `redis cluster: nobody has the slot of ${topic}`)
    }
    return shard
  }

  /** The first look: rejects where it does not lead to every slot. */
  async #begin(seed: NodeAddress): Promise<void> {
    const map = await this.#mapOf(seed)
    this.#map = map
    if (map.masters.length === 0) throw new Error('it is no cluster, or nobody has a slot')
    for (const address of map.masters) await this.#join(address)
  }

  async #mapOf(address: NodeAddress): Promise<SlotMap> {
    const known = this.#shards.get(keyOf(address))
    if (known !== undefined) return new SlotMap(await known.broker.slots(), address)
    const connection = this.#options.connectTo(address)
    connection.on('error', () => {})
    try {
      await connection.connect()
      return new SlotMap(await connection.sendCommand(['CLUSTER', 'SLOTS']), address)
    } finally {
      connection.destroy()
    }
  }

  async #join(address: NodeAddress): Promise<Shard> {
    const { connectTo, prefix, backlogBytes } = this.#options
    const broker = new RedisBroker({
      connect: () => connectTo(address),
      prefix,
      backlogBytes,
      shard: {
        lifeKey: () => this.#lifeKeyOf(address),
        moved: () => void this.#look(),
      },
    })
    const shard: Shard = { address, broker, isAway: false }
    await broker.start(this.#sinkOf(shard))
    this.#shards.set(keyOf(address), shard)
    return shard
  }

  /** A key of the node's own slots. */
  #lifeKeyOf({ host, port }: NodeAddress): string {
    for (let number = 0; ; number++) {
      const key = this.#names.lifeOf(number)
      const master = this.#map?.masterOf(slotOf(key))
      if (master === undefined || (master.host === host && master.port === port)) return key
      // It has none: what it answers does not matter.
      if (number > 1_000_000) return key
    }
  }

  #sinkOf(shard: Shard): BrokerSink {
    return {
      deliver: (topic, message) => this.#sink?.deliver(topic, message),
      appended: (topic, epoch, publication) => this.#sink?.appended(topic, epoch, publication),
      processGone: (processName) => this.#sink?.processGone(processName),
      interrupted: (error) => {
        shard.isAway = true
        this.#interrupted(error)
        void this.#look()
      },
      restored: () => {
        shard.isAway = false
        this.#restoredIfAll()
      },
    }
  }

  #interrupted(error: Error): void {
    if (this.#isAway) return
    this.#isAway = true
    this.#sink?.interrupted(error)
  }

  #restoredIfAll(): void {
    if (!this.#isAway) return
    for (const { isAway } of this.#shards.values()) if (isAway) return
    this.#isAway = false
    this.#sink?.restored()
  }

  /** Finds out who has what, and moves what has moved. One look at a time. */
  #look(): Promise<void> {
    this.#looking ??= this.#lookNow().finally(() => (this.#looking = null))
    return this.#looking
  }

  #lookLater(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#sink === null) return
    this.#timer = setTimeout(() => void this.#look(), ms)
  }

  async #lookNow(): Promise<void> {
    let isAllThere = false
    try {
      const map = await this.#newestMap()
      if (map !== null && this.#sink !== null) isAllThere = await this.#take(map)
    } finally {
      this.#lookLater(isAllThere && !this.#isAway ? LOOK_MS : LOOK_AGAIN_MS)
    }
  }

  /** Of the first node that answers: those that are there know of one another within moments. */
  async #newestMap(): Promise<SlotMap | null> {
    const there = [...this.#shards.values()].filter(({ isAway }) => !isAway)
    const addresses = [...there.map(({ address }) => address), ...this.#options.seeds]
    for (const address of addresses) {
      const map = await this.#mapOf(address).catch(() => null)
      if (map !== null && map.masters.length > 0) return map
    }
    return null
  }

  /** Answers whether every topic is where it belongs. */
  async #take(map: SlotMap): Promise<boolean> {
    this.#map = map
    const wanted = new Set(map.masters.map(keyOf))
    let isAllThere = true
    for (const address of map.masters) {
      if (this.#shards.has(keyOf(address))) continue
      await this.#join(address).catch(() => (isAllThere = false))
    }
    const moved = await this.#moveTopics()
    for (const [key, { broker }] of this.#shards) {
      if (wanted.has(key)) continue
      this.#shards.delete(key)
      void broker.stop()
    }
    if (moved === null) isAllThere = false
    else if (moved > 0 && !this.#isAway) {
      // What was published meanwhile was heard by nobody here.
      this.#interrupted(new HoldlineError('ERR_BROKER_AWAY', 'redis cluster: slots have moved'))
    }
    if (isAllThere) this.#restoredIfAll()
    return isAllThere
  }

  /** Answers how many have moved; null: not all could. */
  async #moveTopics(): Promise<number | null> {
    const moving: Promise<unknown>[] = []
    for (const [topic, attached] of this.#topics) {
      const master = this.#map!.masterOf(slotOf(this.#names.channel(topic)))
      const shard = master === undefined ? undefined : this.#shards.get(keyOf(master))
      if (shard === undefined) moving.push(Promise.reject(new Error('nobody has the slot')))
      else if (shard !== attached.shard) {
        attached.shard?.broker.detach(topic)
        attached.shard = shard
        moving.push(
          shard.broker.attach(topic, attached.retention).catch((error: unknown) => {
            attached.shard = null
            throw error
          }),
        )
      }
    }
    const results = await Promise.allSettled(moving)
    return results.some(({ status }) => status === 'rejected') ? null : results.length
  }
}

/** The node is not, or not yet, the one that has the slot: nothing was done. */
function isElsewhere(error: unknown): boolean {
  return (
    error instanceof HoldlineError &&
    error.code === 'ERR_BROKER_AWAY' &&
    /^(?:MOVED|ASK|TRYAGAIN|CLUSTERDOWN) /.test(String(error.detail))
  )
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
