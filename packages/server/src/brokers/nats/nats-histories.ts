// Histories in JetStream: what is appended to them and read of them. Which stream a topic has is nats-streams.ts' to know;
// who is attached, nobody's here.

import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream'
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
import { ANSWER_MS, inTime, messageOf } from './nats-link.ts'
import type { NatsLink } from './nats-link.ts'
import { logHeaders, payloadOf, publicationOf } from './nats-message.ts'
import { NatsNames } from './nats-names.ts'
import type { NatsOptions } from './nats-options.ts'
import { codeOf, IDEMPOTENCY_WINDOW_MS, NatsStreams, refusedOr } from './nats-streams.ts'

/** The contract says that whoever publishes is told within five seconds. */
const APPEND_MS = 4_800
/** Messages that are asked for at a time. */
const READ_AT_ONCE = 64
/** What JetStream adds to a message when it counts bytes, and room for headers. */
const OVERHEAD_BYTES = 1_024

const NO_MESSAGE = 10_037

export class NatsHistories {
  readonly #link: NatsLink
  readonly #jetstream: JetStreamManager
  readonly #names: NatsNames
  readonly #streams: NatsStreams

  private constructor(
    link: NatsLink,
    jetstream: JetStreamManager,
    names: NatsNames,
    options: NatsOptions,
  ) {
    this.#link = link
    this.#jetstream = jetstream
    this.#names = names
    this.#streams = new NatsStreams(link, jetstream, names, options)
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
      const jetstream = await link.ask(
        jetstreamManager(link.connection, {
          timeout: ANSWER_MS,
          ...(domain !== undefined && { domain }),
        }),
      )
      return new NatsHistories(link, jetstream, names, options)
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
    const neededBytes = payload.length + OVERHEAD_BYTES
    const isOnly = payload.length > options.retention.bytes
    const maxBytes = isOnly ? neededBytes : options.retention.bytes
    const headers = logHeaders(this.#link.newHeaders, message, { ...options, isOnly })
    const send = (): Promise<Cursor> =>
      this.#send(topic, payload, headers === undefined ? {} : { headers })
    // The stream is set to the bytes first where one message is more than all that the topic may keep.
    if (this.#streams.isReady(topic, maxBytes)) {
      return this.#link.ask(this.#sent(topic, options.retention, send, send()), payload.length)
    }
    const ready = this.#streams.ready(topic, { ...options.retention, bytes: maxBytes })
    const sent = inTime(ready.then(send), APPEND_MS)
    return this.#link.ask(this.#sent(topic, options.retention, send, sent), payload.length)
  }

  async head(topic: string, retention: Retention): Promise<Cursor> {
    return headOf(await this.#streams.info(topic, retention))
  }

  async read(
    topic: string,
    after: Cursor | 'start',
    limit: ReadLimit,
    retention: Retention,
  ): Promise<ReadResult> {
    const info = await this.#streams.info(topic, retention)
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
    const { state } = await this.#link.ask(this.#jetstream.streams.info(stream))
    return Math.max(hole, state.first_seq - 1)
  }

  async #get(stream: string, seq: number): Promise<Publication | null> {
    const direct = await this.#link.ask(this.#jetstream.direct.getMessage(stream, { seq }))
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
      return await this.#link.ask(this.#jetstream.streams.getMessage(stream, { seq }))
    } catch (error) {
      if (codeOf(error) === NO_MESSAGE) return null
      throw error
    }
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
        this.#streams.forget(topic)
        await this.#streams.ready(topic, retention)
        return send()
      })
    } catch (error) {
      if (isUnheard(error)) throw new HoldlineError('ERR_BROKER_AWAY', 'JetStream does not answer')
      throw refusedOr(error)
    }
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

function lengthOf(message: PublishedMessage): number {
  return typeof message === 'string' ? Buffer.byteLength(message) : message.length
}
