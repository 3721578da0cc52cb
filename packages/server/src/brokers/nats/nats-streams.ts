// The stream that each topic has in JetStream: one of its own, so that count, bytes and age are the topic's, its
// offsets are 1, 2, 3, …, and its head stays when all has expired. Owns finding, making and setting it.

import type { JetStreamManager, StreamConfig, StreamInfo } from '@nats-io/jetstream'
import { HoldlineError } from '../../protocol/errors.ts'
import type { Retention } from '../../topics/broker.ts'
import { messageOf, unconfirmed } from './nats-link.ts'
import type { NatsLink } from './nats-link.ts'
import type { NatsNames } from './nats-names.ts'
import type { NatsOptions } from './nats-options.ts'

/** For so long a retry is known; JetStream keeps a message at least as long as it knows its retry. */
export const IDEMPOTENCY_WINDOW_MS: number = 120_000

/** Topics whose stream is remembered. */
const MAX_KNOWN = 20_000

/** err_code of JetStream's answers. */
const STREAM_NOT_FOUND = 10_059
const SUBJECTS_OVERLAP = 10_065
const MAXIMUM_STREAMS = 10_027

interface Topic {
  /** Resolves when the stream is there; what is appended meanwhile follows in order. null: nobody has looked yet. */
  ready: Promise<StreamInfo> | null
  isReady: boolean
  /** The bytes that the stream is set to keep. */
  maxBytes: number
}

export class NatsStreams {
  readonly #link: NatsLink
  readonly #jetstream: JetStreamManager
  readonly #names: NatsNames
  readonly #options: NatsOptions
  readonly #topics = new Map<string, Topic>()

  constructor(link: NatsLink, jetstream: JetStreamManager, names: NatsNames, options: NatsOptions) {
    this.#link = link
    this.#jetstream = jetstream
    this.#names = names
    this.#options = options
  }

  /** Whether the topic's stream is there, and set to keep so many bytes. */
  isReady(name: string, maxBytes: number): boolean {
    const topic = this.#topics.get(name)
    return topic !== undefined && topic.isReady && topic.maxBytes === maxBytes
  }

  /** What the stream has now; makes the stream where there is none. */
  async info(topic: string, retention: Retention): Promise<StreamInfo> {
    this.#link.checkRoom(0)
    try {
      // Asked anew even where it was just found: whoever attaches wants the head of after it subscribed.
      const { config } = await this.#link.ask(
        this.#topic(topic).ready ?? this.ready(topic, retention),
      )
      return await this.#link.ask(
        this.#jetstream.streams.info(config.name).catch(async (error: unknown) => {
          if (codeOf(error) !== STREAM_NOT_FOUND) throw error
          this.forget(topic)
          const found = await this.ready(topic, retention)
          return this.#jetstream.streams.info(found.config.name)
        }),
      )
    } catch (error) {
      throw refusedOr(error)
    }
  }

  forget(name: string): void {
    const topic = this.#topic(name)
    if (!topic.isReady) return
    topic.ready = null
    topic.isReady = false
  }

  /** Finds the topic's stream, or makes it, and sets what it keeps. One at a time for each topic. */
  ready(name: string, retention: Retention): Promise<StreamInfo> {
    const topic = this.#topic(name)
    if (topic.ready !== null && topic.maxBytes === retention.bytes) return topic.ready
    const before = topic.ready ?? Promise.resolve()
    topic.isReady = false
    topic.maxBytes = retention.bytes
    const ready = before
      .catch(() => undefined)
      .then(() => this.#find(name, retention))
      .then(
        (info) => {
          if (topic.ready === ready) topic.isReady = true
          return info
        },
        (error: unknown) => {
          if (topic.ready === ready) topic.ready = null
          throw error
        },
      )
    topic.ready = ready
    return ready
  }

  /** Whatever is dropped is looked up again; names may be without end. */
  #drop(): void {
    for (const [name, { isReady }] of this.#topics) {
      if (isReady) this.#topics.delete(name)
      if (this.#topics.size < MAX_KNOWN / 2) return
    }
  }

  async #find(topic: string, retention: Retention): Promise<StreamInfo> {
    const { streams } = this.#jetstream
    for (let attempt = 0; ; attempt++) {
      const name = await this.#nameOf(topic)
      try {
        if (name === null) {
          await streams.add(this.#config(topic, this.#names.newStream(topic), retention))
          // Two processes may have made one at once: the answer is the one that both find.
          continue
        }
        const info = await streams.info(name)
        const wanted = limitsOf(retention)
        const isSet = Object.entries(wanted).every(
          ([key, value]) => info.config[key as keyof StreamConfig] === value,
        )
        if (isSet) return info
        return await streams.update(name, { ...info.config, ...wanted })
      } catch (error) {
        const isRaced = codeOf(error) === SUBJECTS_OVERLAP || codeOf(error) === STREAM_NOT_FOUND
        if (!isRaced || attempt >= 5) throw error
      }
    }
  }

  async #nameOf(topic: string): Promise<string | null> {
    const names = await this.#jetstream.streams.names(this.#names.log(topic)).next()
    if (names.length < 2) return names[0] ?? null
    return names.toSorted()[0]!
  }

  #config(topic: string, name: string, retention: Retention): StreamConfig {
    const { storage = 'file', replicas = 1 } = this.#options
    return {
      name,
      description: `Holdline topic ${JSON.stringify(topic)}`.slice(0, 1_000),
      subjects: [this.#names.log(topic)],
      republish: { src: this.#names.log(topic), dest: this.#names.live(topic) },
      ...limitsOf(retention),
      storage,
      num_replicas: replicas,
      retention: 'limits',
      discard: 'old',
      allow_direct: true,
      allow_rollup_hdrs: true,
    } as unknown as StreamConfig
  }

  #topic(name: string): Topic {
    let topic = this.#topics.get(name)
    if (topic === undefined) {
      if (this.#topics.size >= MAX_KNOWN) this.#drop()
      topic = { ready: null, isReady: false, maxBytes: 0 }
      this.#topics.set(name, topic)
    }
    return topic
  }
}

function limitsOf({ count, bytes, ageMs }: Retention): Partial<StreamConfig> {
  return {
    max_msgs: count,
    max_bytes: bytes,
    max_age: Math.max(ageMs, IDEMPOTENCY_WINDOW_MS) * 1e6,
    duplicate_window: IDEMPOTENCY_WINDOW_MS * 1e6,
  }
}

/** `err_code` of an answer of JetStream. */
export function codeOf(error: unknown): number | undefined {
  return (error as { code?: number }).code
}

/** JetStream said no, or has not said anything. */
export function refusedOr(error: unknown): HoldlineError {
  if (error instanceof HoldlineError) return error
  if (codeOf(error) === MAXIMUM_STREAMS) {
    return new HoldlineError('ERR_TOPIC_LIMIT', `NATS: ${messageOf(error)}`, { cause: error })
  }
  const { name, cause } = error as { name?: string; cause?: unknown }
  const isDenied =
    name === 'PermissionViolationError' ||
    (cause as { name?: string } | undefined)?.name === 'PermissionViolationError'
  if (name === 'JetStreamApiError' || name === 'InvalidArgumentError' || isDenied) {
    const detail = `NATS: ${messageOf(error)}`
    return new HoldlineError('ERR_BROKER_REFUSED', detail, { cause: error })
  }
  return unconfirmed(error)
}
