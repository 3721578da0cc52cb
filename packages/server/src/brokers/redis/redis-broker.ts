// Carries publications between processes over Redis or Valkey: topics without history by PUBLISH, those with one by a
// script that keeps and publishes in one step. Knows what is attached; must not know how a connection is kept.
//
// Everything goes over one connection, in order: what is published after a reply is told after it.

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
import { bytesOf, kindOf, plainPayload, readEntry, readPayload } from './publication-payload.ts'
import type { RedisConnection } from './redis-client.ts'
import { RedisLink } from './redis-link.ts'
import { isPattern, matches, TopicNames } from './topic-names.ts'
import { shardedTopicScripts, topicScripts } from './topic-scripts.ts'
import type { Script, TopicScripts } from './topic-scripts.ts'

export interface RedisBrokerOptions {
  /** Makes a connection, which is not connected yet. */
  readonly connect: () => RedisConnection
  readonly prefix: string
  readonly backlogBytes: number
  /** Set for a node of a cluster: then channels are sharded ones. */
  readonly shard?: Shard
}

/** What a node of a cluster is told of the cluster, and tells it. */
export interface Shard {
  /** A key in a slot of this node. */
  readonly lifeKey: () => string
  /** A channel was here, and is elsewhere now. */
  readonly moved: () => void
}

interface Attached {
  readonly name: string
  readonly channel: string
  /** null: it is no pattern. */
  readonly parts: readonly string[] | null
  readonly listener: (payload: Buffer, channel: Buffer) => void
  /** null: without history, as far as is known. */
  retention: Retention | null
}

/** How far this process has seen a topic. */
interface Seen {
  epoch: string
  offset: number
}

/** Of so many topics it is remembered how far they were seen. */
const MAX_SEEN = 100_000
/** Attached topics that are looked at with each beat: another epoch is found, and what is used is kept. */
const TOPICS_PER_BEAT = 100

export class RedisBroker implements Broker {
  readonly name = 'redis'
  readonly hasPatterns = true
  readonly processName: string = newEpoch()
  readonly #names: TopicNames
  readonly #shard: Shard | null
  readonly #scripts: TopicScripts
  readonly #link: RedisLink
  readonly #attached = new Map<string, Attached>()
  readonly #patterns = new Map<string, Attached>()
  readonly #seen = new Map<string, Seen>()
  #sink: BrokerSink | null = null
  #publicationCount = 0
  /** First lines of what came last, and its topic: what several subscriptions match comes several times in a row. */
  #lastLine = ''
  #lastTopic = ''
  #life = ''
  /** Attached topics that have not been looked at in this round. */
  #round: Iterator<Attached> | null = null

  constructor({ connect, prefix, backlogBytes, shard }: RedisBrokerOptions) {
    this.#names = new TopicNames(prefix)
    this.#shard = shard ?? null
    this.#scripts = shard === undefined ? topicScripts : shardedTopicScripts
    this.#link = new RedisLink({
      connect,
      backlogBytes,
      isShard: shard !== undefined,
      handlers: {
        opened: (connection) => this.#opened(connection),
        lost: (error) => this.#sink?.interrupted(error),
        restored: () => this.#sink?.restored(),
        beat: () => this.#beat(),
      },
    })
  }

  async start(sink: BrokerSink): Promise<void> {
    try {
      await this.#link.start()
    } catch (error) {
      const { message } = error as Error
      throw new HoldlineError('ERR_BROKER_START', `redis: ${message}`, { cause: error })
    }
    this.#sink = sink
  }

  publish(topic: string, message: PublishedMessage): Promise<void> {
    if (this.#sink === null) return refused(topic)
    const channel = this.#names.channel(topic)
    const send = async (connection: RedisConnection): Promise<void> => {
      const payload = plainPayload(this.processName, ++this.#publicationCount, message)
      const command = this.#shard === null ? 'PUBLISH' : 'SPUBLISH'
      await connection.sendCommand([command, channel, payload])
    }
    return this.#link.ask(message.length, true, send)
  }

  async append(
    topic: string,
    message: PublishedMessage,
    { key, idempotencyKey, retention }: AppendOptions,
  ): Promise<Cursor> {
    if (this.#sink === null) return refused(topic)
    const { head, log, channel } = this.#names.keys(topic)
    const keys = [head, log]
    if (idempotencyKey !== null) keys.push(this.#names.once(channel, idempotencyKey))
    const [epoch, offset] = await this.#link.ask(message.length, true, (connection) => {
      const rest = [channel, kindOf(message), bytesOf(message)]
      if (key !== null) rest.push(key)
      return this.#run(connection, this.#scripts.append, topic, keys, retention, rest)
    })
    return this.#saw(topic, epoch, offset)
  }

  attach(topic: string, retention: Retention | null): Promise<Cursor | null> {
    if (this.#sink === null) return refused(topic)
    return isPattern(topic) ? this.#attachPattern(topic) : this.#attachTopic(topic, retention)
  }

  detach(topic: string): void {
    const isOfMany = isPattern(topic)
    const attached = isOfMany ? this.#patterns.get(topic) : this.#attached.get(topic)
    if (attached === undefined) return
    const { channel, listener } = attached
    ;(isOfMany ? this.#patterns : this.#attached).delete(topic)
    this.#link
      .ask(channel.length, false, (connection) =>
        isOfMany
          ? connection.pUnsubscribe(channel, listener, true)
          : this.#shard === null
            ? connection.unsubscribe(channel, listener, true)
            : connection.sUnsubscribe(channel, listener, true),
      )
      // Then the next connection is without it.
      .catch(() => {})
  }

  async read(
    topic: string,
    after: Cursor | 'start',
    limit: ReadLimit,
    retention: Retention,
  ): Promise<ReadResult> {
    if (this.#sink === null) return refused(topic)
    const { head, log } = this.#names.keys(topic)
    const cursor = after === 'start' ? ['', '0'] : [after.epoch, `${after.offset}`]
    const rest = [...cursor, `${limit.count}`, `${limit.bytes}`]
    const [lost, epochBytes, headOffset, ...others] = await this.#link.ask(0, false, (connection) =>
      this.#run(connection, this.#scripts.read, topic, [head, log], retention, rest),
    )
    const epoch = textOf(epochBytes)
    const reason = textOf(lost)
    const { offset } = this.#saw(topic, epochBytes, headOffset)
    if (reason === '') {
      return { lost: null, publications: others.map(readEntry), head: { epoch, offset } }
    }
    const start = { epoch, offset: Number(textOf(others[0])) }
    return { lost: reason as 'epoch', head: { epoch, offset }, start }
  }

  async stop(): Promise<void> {
    this.#sink = null
    await this.#link.stop()
  }

  async #attachTopic(topic: string, retention: Retention | null): Promise<Cursor | null> {
    const known = this.#attached.get(topic)
    const attached = known ?? {
      name: topic,
      channel: this.#names.channel(topic),
      parts: null,
      listener: (payload: Buffer) => this.#take(topic, payload),
      retention,
    }
    // Always: the client knows what it has subscribed, and whoever comes second waits for the first one's reply.
    const { channel } = attached
    const subscribed = this.#link.ask(channel.length, false, (connection) =>
      this.#subscribe(connection, attached),
    )
    if (known === undefined) this.#attached.set(topic, attached)
    try {
      // What is published behind the head that this answers with comes behind the reply.
      const head = retention === null ? null : this.#head(topic, (attached.retention = retention))
      head?.catch(() => {})
      await subscribed
      return await head
    } catch (error) {
      if (this.#attached.get(topic) === attached && known === undefined) this.detach(topic)
      throw error
    }
  }

  async #attachPattern(pattern: string): Promise<null> {
    if (this.#patterns.has(pattern)) return null
    const attached: Attached = {
      name: pattern,
      channel: this.#names.glob(pattern),
      parts: pattern.split('.'),
      listener: (payload, channel) => this.#take(this.#names.topicOf(channel.toString()), payload),
      retention: null,
    }
    this.#patterns.set(pattern, attached)
    try {
      await this.#link.ask(pattern.length, false, (connection) =>
        connection.pSubscribe([attached.channel], attached.listener, true),
      )
    } catch (error) {
      if (this.#patterns.get(pattern) === attached) this.detach(pattern)
      throw error
    }
    return null
  }

  async #head(topic: string, retention: Retention): Promise<Cursor> {
    const { head, log } = this.#names.keys(topic)
    const [epoch, offset] = await this.#link.ask(0, false, (connection) =>
      this.#run(connection, this.#scripts.head, topic, [head, log], retention, []),
    )
    return this.#saw(topic, epoch, offset)
  }

  #run(
    connection: RedisConnection,
    { sha }: Script,
    topic: string,
    keys: readonly string[],
    { count, bytes, ageMs }: Retention,
    rest: readonly (string | Buffer)[],
  ): Promise<readonly unknown[]> {
    const seen = this.#seen.get(topic)
    return connection.sendCommand([
      'EVALSHA',
      sha,
      `${keys.length}`,
      ...keys,
      newEpoch(),
      seen?.epoch ?? '',
      `${seen?.offset ?? 0}`,
      `${count}`,
      `${bytes}`,
      `${ageMs}`,
      ...rest,
    ]) as Promise<readonly unknown[]>
  }

  /** Something was told by a channel. */
  #take(topic: string, bytes: Buffer): void {
    this.#link.heard()
    const sink = this.#sink
    if (sink === null || !this.#wants(topic)) return
    const payload = readPayload(bytes)
    if (payload === null) return
    const { line, epoch, publication } = payload
    if (line === this.#lastLine && topic === this.#lastTopic) return
    this.#lastLine = line
    this.#lastTopic = topic
    if (epoch === null) {
      sink.deliver(topic, publication.message)
      return
    }
    this.#see(topic, epoch, publication.offset)
    sink.appended(topic, epoch, publication)
  }

  #wants(topic: string): boolean {
    if (this.#attached.has(topic)) return true
    for (const { parts } of this.#patterns.values()) if (matches(parts!, topic)) return true
    return false
  }

  #saw(topic: string, epochBytes: unknown, offsetBytes: unknown): Cursor {
    const epoch = textOf(epochBytes)
    const offset = Number(textOf(offsetBytes))
    this.#see(topic, epoch, offset)
    return { epoch, offset }
  }

  #see(topic: string, epoch: string, offset: number): void {
    const seen = this.#seen.get(topic)
    if (seen === undefined) {
      this.#seen.set(topic, { epoch, offset })
      if (this.#seen.size > MAX_SEEN) this.#seen.delete(this.#seen.keys().next().value!)
    } else if (seen.epoch !== epoch || seen.offset < offset) {
      seen.epoch = epoch
      seen.offset = offset
    }
  }

  #subscribe(
    connection: RedisConnection,
    { channel, listener }: Pick<Attached, 'channel' | 'listener'>,
  ): Promise<unknown> {
    return this.#shard === null
      ? connection.subscribe([channel], listener, true)
      : connection.sSubscribe([channel], listener, true)
  }

  /** What a node of a cluster says to CLUSTER SLOTS. */
  slots(): Promise<unknown> {
    return this.#link.ask(0, false, (connection) => connection.sendCommand(['CLUSTER', 'SLOTS']))
  }

  /** A connection is new: it has no subscriptions, and its server perhaps no scripts. */
  async #opened(connection: RedisConnection): Promise<void> {
    const asked: Promise<unknown>[] = [this.#readLife(connection)]
    for (const { source } of Object.values(this.#scripts) as Script[]) {
      asked.push(connection.sendCommand(['SCRIPT', 'LOAD', source]))
    }
    for (const attached of this.#attached.values()) {
      asked.push(this.#subscribe(connection, attached))
    }
    if (this.#shard !== null) connection.on('sharded-channel-moved', this.#shard.moved)
    for (const { channel, listener } of this.#patterns.values()) {
      asked.push(connection.pSubscribe([channel], listener, true))
    }
    const [life] = await Promise.all(asked)
    this.#life = life as string
  }

  /** What the data set is called: a name is given to one that has none. Rejects where it cannot be written to. */
  async #readLife(connection: RedisConnection): Promise<string> {
    const life = this.#shard?.lifeKey() ?? this.#names.life
    const [, named] = await Promise.all([
      // A write that even a full memory allows: a replica does not.
      connection.sendCommand(['PERSIST', life]),
      connection.sendCommand(['GET', life]),
    ])
    if (named !== null) return textOf(named)
    await connection.sendCommand(['SET', life, newEpoch(), 'NX'])
    return textOf(await connection.sendCommand(['GET', life]))
  }

  /** Asks whether Redis is there, and whether it is what it was. */
  async #beat(): Promise<void> {
    const life = await this.#link.ask(0, false, (connection) => this.#readLife(connection))
    if (life !== this.#life) {
      this.#life = life
      this.#startOver('Redis has lost its data')
      return
    }
    const changed = await Promise.all(
      this.#nextOfRound().map(async ({ name, retention }) => {
        const before = this.#seen.get(name)?.epoch
        const { epoch } = await this.#head(name, retention!)
        return before !== undefined && before !== epoch
      }),
    )
    if (changed.includes(true)) this.#startOver('Redis has lost the history of a topic')
  }

  #startOver(why: string): void {
    this.#sink?.interrupted(new HoldlineError('ERR_BROKER_AWAY', why))
    this.#sink?.restored()
  }

  #nextOfRound(): Attached[] {
    const next: Attached[] = []
    this.#round ??= this.#attached.values()
    while (next.length < TOPICS_PER_BEAT) {
      const { done, value } = this.#round.next()
      if (done) {
        this.#round = null
        break
      }
      if (value.retention !== null) next.push(value)
    }
    return next
  }
}

function textOf(bytes: unknown): string {
  return (bytes as Buffer).toString('latin1')
}

function refused(topic: string): Promise<never> {
  return Promise.reject(new HoldlineError('ERR_BROKER_STOPPED', topic))
}
