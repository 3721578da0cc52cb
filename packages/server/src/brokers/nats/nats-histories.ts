// Histories in JetStream: a stream for each topic, so that count, bytes and age are the topic's own, its offsets are
// 1, 2, 3, …, and its head stays when all has expired. Must not know who is attached.

import type { JetStreamManager, StreamConfig, StreamInfo } from '@nats-io/jetstream'
import type { Msg } from '@nats-io/transport-node'
import { HoldlineError } from '../../protocol/errors.ts'
import type {
  AppendOptions,
  Cursor,
  Publication,
  PublishedMessage,
  ReadLimit,
  ReadResult,
  Retention,
} from '../../topics/broker.ts'
import { ANSWER_MS, messageOf, unconfirmed } from './nats-link.ts'
import type { NatsLink } from './nats-link.ts'
import { logHeaders, payloadOf, publicationOf } from './nats-message.ts'
import { NatsNames } from './nats-names.ts'
import type { NatsOptions } from './nats-options.ts'

/** For so long a retry is known; JetStream keeps a message at least as long as it knows its retry. */
const IDEMPOTENCY_WINDOW_MS = 120_000
/** Messages that are asked for at a time. */
const READ_AT_ONCE = 64
/** What JetStream adds to a message when it counts bytes, and room for headers. */
const OVERHEAD_BYTES = 1_024

/** err_code of JetStream's answers. */
const STREAM_NOT_FOUND = 10_059
const SUBJECTS_OVERLAP = 10_065
const NO_MESSAGE = 10_037

interface Topic {
  /** Resolves when the stream is there; what is appended meanwhile follows in order. null: nobody has looked yet. */
  ready: Promise<StreamInfo> | null
  isReady: boolean
  /** The bytes that the stream is set to keep. */
  maxBytes: number
}

export class NatsHistories {
  readonly #link: NatsLink
  readonly #streams: JetStreamManager
  readonly #names: NatsNames
  readonly #options: NatsOptions
  readonly #topics = new Map<string, Topic>()

  private constructor(
    link: NatsLink,
    streams: JetStreamManager,
    names: NatsNames,
    options: NatsOptions,
  ) {
    this.#link = link
    this.#streams = streams
    this.#names = names
    this.#options = options
  }

  /** Rejects with ERR_BROKER_START. */
  static async open(
    link: NatsLink,
    names: NatsNames,
    options: NatsOptions,
  ): Promise<NatsHistories> {
    try {
      const { jetstreamManager } = await import('@nats-io/jetstream')
      const { domain } = options
      const streams = await link.ask(
        jetstreamManager(link.connection, {
          timeout: ANSWER_MS,
          ...(domain !== undefined && { domain }),
        }),
      )
      return new NatsHistories(link, streams, names, options)
    } catch (error) {
      const advice =
        'JetStream is not to be had: start nats-server with -js and a directory (-sd), let the account use it, or pass jetstream: false to do without history'
      const detail = `NATS: ${messageOf(error)}. ${advice}`
      throw new HoldlineError('ERR_BROKER_START', detail, { cause: error })
    }
  }

  append(topic: string, message: PublishedMessage, options: AppendOptions): Promise<Cursor> {
    const payload = payloadOf(message)
    this.#link.checkRoom(payload.length)
    const known = this.#topic(topic)
    const neededBytes = payload.length + OVERHEAD_BYTES
    const isOnly = payload.length > options.retention.bytes
    const maxBytes = isOnly ? neededBytes : options.retention.bytes
    const headers = logHeaders(this.#link.newHeaders, message, { ...options, isOnly })
    const send = (): Promise<Cursor> =>
      this.#send(topic, payload, headers === undefined ? {} : { headers })
    // The stream is set to the bytes first where one message is more than all that the topic may keep.
    if (known.isReady && known.maxBytes === maxBytes) {
      return this.#link.ask(this.#sent(topic, options.retention, send, send()), payload.length)
    }
    const ready = this.#ready(topic, { ...options.retention, bytes: maxBytes })
    const sent = ready.then(send)
    return this.#link.ask(this.#sent(topic, options.retention, send, sent), payload.length)
  }

  async head(topic: string, retention: Retention): Promise<Cursor> {
    return headOf(await this.#info(topic, retention))
  }

  async read(
    topic: string,
    after: Cursor | 'start',
    limit: ReadLimit,
    retention: Retention,
  ): Promise<ReadResult> {
    const info = await this.#info(topic, retention)
    const head = headOf(info)
    const { epoch } = head
    const oldest = await this.#oldest(info, after, retention)
    const start = { epoch, offset: oldest - 1 }
    if (after === 'start') return this.#page(info, start, limit)
    if (after.epoch !== epoch) return { lost: 'epoch', head, start }
    if (after.offset > head.offset) return { lost: 'future', head, start }
    if (after.offset < start.offset) {
      return { lost: isFull(info, retention) ? 'trimmed' : 'expired', head, start }
    }
    return this.#page(info, after, limit)
  }

  /** The first offset that is kept; JetStream may keep more than the topic's age allows. */
  async #oldest(
    { config, state }: StreamInfo,
    after: Cursor | 'start',
    { ageMs }: Retention,
  ): Promise<number> {
    let [oldest, end] = [state.first_seq, state.last_seq + 1]
    if (state.messages === 0) return end
    if (ageMs >= IDEMPOTENCY_WINDOW_MS) return oldest
    const bornBefore = Date.now() - ageMs
    const isKept = async (offset: number): Promise<boolean> => {
      const publication = await this.#get(config.name, offset)
      return publication !== null && publication.timeMs >= bornBefore
    }
    // Whoever reads on asks for what is young: then nothing has to be searched.
    if (after !== 'start' && after.offset >= oldest && after.offset < end) {
      const next = after.offset + 1
      if (next === end || (await isKept(next))) return Math.min(next, end)
      oldest = next + 1
    }
    while (oldest < end) {
      const middle = Math.floor((oldest + end) / 2)
      if (await isKept(middle)) end = middle
      else oldest = middle + 1
    }
    return end
  }

  async #page(info: StreamInfo, after: Cursor, limit: ReadLimit): Promise<ReadResult> {
    const head = headOf(info)
    const { messages, bytes } = info.state
    const meanBytes = Math.max(1, bytes / Math.max(1, messages))
    const publications: Publication[] = []
    let readBytes = 0
    let next = after.offset + 1
    while (next <= head.offset && publications.length < limit.count) {
      const likely = Math.ceil((limit.bytes - readBytes) / meanBytes) + 1
      const count = Math.min(
        READ_AT_ONCE,
        head.offset - next + 1,
        limit.count - publications.length,
        likely,
      )
      const offsets = Array.from({ length: count }, (_, i) => next + i)
      const got = await Promise.all(offsets.map((offset) => this.#get(info.config.name, offset)))
      for (const [i, publication] of got.entries()) {
        if (publication === null) {
          // It was trimmed meanwhile, or an operator has deleted it.
          if (publications.length > 0) return { lost: null, publications, head }
          const offset = await this.#behindHole(info.config.name, next + i)
          return { lost: 'trimmed', head, start: { epoch: head.epoch, offset } }
        }
        readBytes += lengthOf(publication.message)
        if (readBytes > limit.bytes && publications.length > 0) {
          return { lost: null, publications, head }
        }
        publications.push(publication)
      }
      next += count
    }
    return { lost: null, publications, head }
  }

  /** The last of the offsets from `hole` on that are not there. */
  async #behindHole(stream: string, hole: number): Promise<number> {
    const { state } = await this.#link.ask(this.#streams.streams.info(stream))
    return Math.max(hole, state.first_seq - 1)
  }

  async #get(stream: string, seq: number): Promise<Publication | null> {
    const direct = await this.#link.ask(this.#streams.direct.getMessage(stream, { seq }))
    // Whichever replica answered may be behind; the leader knows.
    const message = direct ?? (await this.#getFromLeader(stream, seq))
    if (message === null) return null
    return publicationOf(seq, Date.parse(message.timestamp), message.data, message.header)
  }

  async #getFromLeader(
    stream: string,
    seq: number,
  ): ReturnType<JetStreamManager['streams']['getMessage']> {
    try {
      return await this.#link.ask(this.#streams.streams.getMessage(stream, { seq }))
    } catch (error) {
      if (codeOf(error) === NO_MESSAGE) return null
      throw error
    }
  }

  #topic(name: string): Topic {
    let topic = this.#topics.get(name)
    if (topic === undefined) {
      topic = { ready: null, isReady: false, maxBytes: 0 }
      this.#topics.set(name, topic)
    }
    return topic
  }

  async #send(topic: string, payload: Uint8Array, options: object): Promise<Cursor> {
    const subject = this.#names.log(topic)
    const answer = await this.#link.connection.request(subject, payload, {
      timeout: ANSWER_MS,
      ...options,
    })
    return cursorOf(answer)
  }

  /** Who finds no stream makes one, once. */
  async #sent(
    topic: string,
    retention: Retention,
    send: () => Promise<Cursor>,
    first: Promise<Cursor>,
  ): Promise<Cursor> {
    try {
      return await first.catch(async (error: unknown) => {
        if (!isUnheard(error)) throw error
        this.#forget(topic)
        await this.#ready(topic, retention)
        return send()
      })
    } catch (error) {
      if (isUnheard(error)) throw new HoldlineError('ERR_BROKER_AWAY', 'JetStream does not answer')
      throw refusedOr(error)
    }
  }

  /** What the stream has now; makes the stream where there is none. */
  async #info(topic: string, retention: Retention): Promise<StreamInfo> {
    this.#link.checkRoom(0)
    try {
      const known = this.#topic(topic)
      if (!known.isReady) return await this.#link.ask(this.#ready(topic, retention))
      const { config } = await known.ready!
      return await this.#link.ask(
        this.#streams.streams.info(config.name).catch((error: unknown) => {
          if (codeOf(error) !== STREAM_NOT_FOUND) throw error
          this.#forget(topic)
          return this.#ready(topic, retention)
        }),
      )
    } catch (error) {
      throw refusedOr(error)
    }
  }

  #forget(name: string): void {
    const topic = this.#topic(name)
    if (!topic.isReady) return
    topic.ready = null
    topic.isReady = false
  }

  /** Finds the topic's stream, or makes it, and sets what it keeps. One at a time for each topic. */
  #ready(name: string, retention: Retention): Promise<StreamInfo> {
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

  async #find(topic: string, retention: Retention): Promise<StreamInfo> {
    const { streams } = this.#streams
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
    const names = await this.#streams.streams.names(this.#names.log(topic)).next()
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
}

function limitsOf({ count, bytes, ageMs }: Retention): Partial<StreamConfig> {
  return {
    max_msgs: count,
    max_bytes: bytes,
    max_age: Math.max(ageMs, IDEMPOTENCY_WINDOW_MS) * 1e6,
    duplicate_window: IDEMPOTENCY_WINDOW_MS * 1e6,
  }
}

function headOf({ config, state }: StreamInfo): Cursor {
  return { epoch: NatsNames.epochOf(config.name), offset: state.last_seq }
}

/** JetStream does not say why something is gone; where one or two more would not fit, that was why. */
function isFull({ state: { messages, bytes } }: StreamInfo, retention: Retention): boolean {
  if (messages === 0) return false
  return messages >= retention.count || bytes + (2 * bytes) / messages >= retention.bytes
}

interface Acknowledgement {
  readonly stream?: string
  readonly seq?: number
  readonly error?: { readonly description?: string }
}

function cursorOf(answer: Msg): Cursor {
  const { stream, seq, error } = answer.json<Acknowledgement>()
  if (error !== undefined || stream === undefined || seq === undefined) {
    throw new HoldlineError('ERR_BROKER_REFUSED', `JetStream: ${error?.description ?? 'no answer'}`)
  }
  return { epoch: NatsNames.epochOf(stream), offset: seq }
}

/** Nobody listens on the subject: there is no stream, or JetStream is not up yet. Nothing was added. */
function isUnheard(error: unknown): boolean {
  return (error as { isNoResponders?: () => boolean }).isNoResponders?.() === true
}

function codeOf(error: unknown): number | undefined {
  return (error as { code?: number }).code
}

/** JetStream said no, or has not said anything. */
function refusedOr(error: unknown): HoldlineError {
  if (error instanceof HoldlineError) return error
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

function lengthOf(message: PublishedMessage): number {
  return typeof message === 'string' ? Buffer.byteLength(message) : message.length
}
