// What processes and the keeper of histories say to each other, as bodies of frames. Knows neither sockets nor who keeps.
//
// A name: its length in bytes (u8), UTF-8. A number: f64, little-endian. A cursor: epoch (name), offset (number).
// A publication: flags (u8), offset, previous, time (numbers), key (name, where flagged), message to its end.

import { HoldlineError } from '../../protocol/errors.ts'
import type {
  AppendOptions,
  Cursor,
  LostReason,
  Publication,
  PublishedMessage,
  ReadLimit,
  ReadResult,
  Retention,
} from '../../topics/broker.ts'
import { FrameBatch, FrameKind, MAX_PUBLICATION_BYTES, plainBytes } from './mesh-frame.ts'
import { RecentName } from './recent-name.ts'

const MAX_NAME_BYTES = 255
const Flag = { TEXT: 1, KEY: 2, IDEMPOTENCY_KEY: 4, RETENTION: 8, START: 16 } as const
const RETENTION_BYTES = 24
const LIMIT_BYTES = 16
const PUBLICATION_BYTES = 25

/** In the order of their numbers in a page. */
const lostReasons: readonly (LostReason | null)[] = [null, 'epoch', 'trimmed', 'expired', 'future']

/** Why the keeper does not do what it was asked. */
export type RefusalCode = 'ERR_TOPIC_LIMIT'

/** What a process asks; each but `detach` has one answer, and answers come in this order. */
export type KeeperRequest =
  | {
      readonly kind: typeof FrameKind.APPEND
      readonly topic: string
      readonly message: PublishedMessage
      readonly options: AppendOptions
    }
  | {
      readonly kind: typeof FrameKind.ATTACH
      readonly topic: string
      readonly retention: Retention | null
    }
  | { readonly kind: typeof FrameKind.DETACH; readonly topic: string }
  | {
      readonly kind: typeof FrameKind.READ
      readonly topic: string
      readonly after: Cursor | 'start'
      readonly limit: ReadLimit
      readonly retention: Retention
    }

/** What the keeper says. */
export type KeeperWord =
  /** To an append or an attach; null: a pattern has no head. */
  | { readonly kind: typeof FrameKind.CURSOR; readonly cursor: Cursor | null }
  /** To what there is no room for: it was not done. */
  | { readonly kind: typeof FrameKind.REFUSED; readonly code: RefusalCode }
  /** To a read. */
  | { readonly kind: typeof FrameKind.PAGE; readonly result: ReadResult }
  | {
      readonly kind: typeof FrameKind.APPENDED
      readonly topic: string
      readonly epoch: string
      readonly publication: Publication
    }

/** Why it cannot be carried; null: it can. */
export function refusalOf(
  topic: string,
  message: PublishedMessage,
  { key, idempotencyKey }: AppendOptions,
): HoldlineError | null {
  const topicBytes = Buffer.byteLength(topic)
  if (topicBytes === 0 || topicBytes > MAX_NAME_BYTES) {
    return new HoldlineError('ERR_TOPIC_NAME', JSON.stringify(topic).slice(0, 80))
  }
  if (byteLengthOf(message) > MAX_PUBLICATION_BYTES) {
    return new HoldlineError(
      'ERR_PUBLICATION_TOO_BIG',
      `${byteLengthOf(message)} bytes on ${topic}`,
    )
  }
  for (const name of [key, idempotencyKey]) {
    if (name !== null && Buffer.byteLength(name) > MAX_NAME_BYTES) {
      return new HoldlineError('ERR_OPTION_INVALID', 'a key is longer than 255 bytes')
    }
  }
  return null
}

/** Frames of both directions. Names are at most 255 bytes: whoever writes has checked. */
export class KeeperBatch extends FrameBatch {
  #at = 0

  append(topic: string, message: PublishedMessage, options: AppendOptions): void {
    const { key, idempotencyKey, retention } = options
    const fixedBytes = 1 + nameBytes(topic) + optionalBytes(key) + optionalBytes(idempotencyKey)
    this.#begin(FrameKind.APPEND, fixedBytes + RETENTION_BYTES + byteLengthOf(message))
    this.#byte(
      (typeof message === 'string' ? Flag.TEXT : 0) |
        (key === null ? 0 : Flag.KEY) |
        (idempotencyKey === null ? 0 : Flag.IDEMPOTENCY_KEY),
    )
    this.#name(topic)
    if (key !== null) this.#name(key)
    if (idempotencyKey !== null) this.#name(idempotencyKey)
    this.#retention(retention)
    this.#message(message)
  }

  attach(topic: string, retention: Retention | null): void {
    this.#begin(FrameKind.ATTACH, 1 + nameBytes(topic) + (retention === null ? 0 : RETENTION_BYTES))
    this.#byte(retention === null ? 0 : Flag.RETENTION)
    this.#name(topic)
    if (retention !== null) this.#retention(retention)
  }

  detach(topic: string): void {
    this.#begin(FrameKind.DETACH, nameBytes(topic))
    this.#name(topic)
  }

  read(topic: string, after: Cursor | 'start', limit: ReadLimit, retention: Retention): void {
    const afterBytes = after === 'start' ? 0 : cursorBytes(after)
    this.#begin(FrameKind.READ, 1 + nameBytes(topic) + RETENTION_BYTES + LIMIT_BYTES + afterBytes)
    this.#byte(after === 'start' ? Flag.START : 0)
    this.#name(topic)
    this.#retention(retention)
    this.#number(limit.count)
    this.#number(limit.bytes)
    if (after !== 'start') this.#cursor(after)
  }

  cursor(cursor: Cursor | null): void {
    const { epoch, offset } = cursor ?? { epoch: '', offset: 0 }
    this.#begin(FrameKind.CURSOR, nameBytes(epoch) + 8)
    this.#name(epoch)
    this.#number(offset)
  }

  refused(code: RefusalCode): void {
    this.#begin(FrameKind.REFUSED, nameBytes(code))
    this.#name(code)
  }

  page(result: ReadResult): void {
    const { head } = result
    const headBytes = 1 + cursorBytes(head)
    if (result.lost !== null) {
      this.#begin(FrameKind.PAGE, headBytes + cursorBytes(result.start))
      this.#byte(lostReasons.indexOf(result.lost))
      this.#cursor(head)
      this.#cursor(result.start)
      return
    }
    const { publications } = result
    const lengths = publications.map(publicationBytes)
    this.#begin(
      FrameKind.PAGE,
      lengths.reduce((sum, length) => sum + 8 + length, headBytes),
    )
    this.#byte(0)
    this.#cursor(head)
    for (const publication of publications) {
      this.#number(publicationBytes(publication))
      this.#publication(publication)
    }
  }

  appended(topic: string, epoch: string, publication: Publication): void {
    const bodyBytes = nameBytes(topic) + nameBytes(epoch) + publicationBytes(publication)
    this.#begin(FrameKind.APPENDED, bodyBytes)
    this.#name(topic)
    this.#name(epoch)
    this.#publication(publication)
  }

  #begin(kind: number, bodyBytes: number): void {
    this.#at = this.begin(kind, bodyBytes)
  }

  #byte(value: number): void {
    this.chunk[this.#at++] = value
  }

  #number(value: number): void {
    this.#at = this.chunk.writeDoubleLE(value, this.#at)
  }

  #name(name: string): void {
    const { chunk } = this
    const length = chunk.write(name, this.#at + 1)
    chunk[this.#at] = length
    this.#at += 1 + length
  }

  #cursor({ epoch, offset }: Cursor): void {
    this.#name(epoch)
    this.#number(offset)
  }

  #retention({ count, bytes, ageMs }: Retention): void {
    this.#number(count)
    this.#number(bytes)
    this.#number(ageMs)
  }

  #message(message: PublishedMessage): void {
    if (typeof message === 'string') this.#at += this.chunk.write(message, this.#at)
    else {
      this.chunk.set(message, this.#at)
      this.#at += message.length
    }
  }

  #publication({ offset, previous, message, key, timeMs }: Publication): void {
    this.#byte((typeof message === 'string' ? Flag.TEXT : 0) | (key === null ? 0 : Flag.KEY))
    this.#number(offset)
    this.#number(previous)
    this.#number(timeMs)
    if (key !== null) this.#name(key)
    this.#message(message)
  }
}

/** Reads the bodies; what is not of their format gives null. What is given is a copy, but for an append's message. */
export class KeeperDecoder {
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  #end = 0
  /** Something was not there, or was no number that can be. */
  #isBad = false
  // Most frames follow one on the same topic.
  readonly #topics = new RecentName()
  readonly #epochs = new RecentName()

  request(kind: number, bytes: Buffer, start: number, end: number): KeeperRequest | null {
    const request = this.#begin(bytes, start, end).#request(kind)
    return this.#isBad ? null : request
  }

  word(kind: number, bytes: Buffer, start: number, end: number): KeeperWord | null {
    const word = this.#begin(bytes, start, end).#word(kind)
    return this.#isBad ? null : word
  }

  #request(kind: number): KeeperRequest | null {
    if (kind === FrameKind.DETACH) return { kind, topic: this.#topic() }
    const flags = this.#byte()
    const topic = this.#topic()
    if (kind === FrameKind.APPEND) {
      const key = flags & Flag.KEY ? this.#name() : null
      const idempotencyKey = flags & Flag.IDEMPOTENCY_KEY ? this.#name() : null
      const retention = this.#retention()
      const message = this.#message(flags, this.#end)
      return { kind, topic, message, options: { key, idempotencyKey, retention } }
    }
    if (kind === FrameKind.ATTACH) {
      return { kind, topic, retention: flags & Flag.RETENTION ? this.#retention() : null }
    }
    if (kind !== FrameKind.READ) return null
    const retention = this.#retention()
    const limit = { count: this.#whole(1), bytes: this.#whole(1) }
    const after = flags & Flag.START ? 'start' : this.#cursor()
    return { kind, topic, after, limit, retention }
  }

  #word(kind: number): KeeperWord | null {
    if (kind === FrameKind.CURSOR) {
      const cursor = this.#cursor()
      return { kind, cursor: cursor.epoch === '' ? null : cursor }
    }
    if (kind === FrameKind.REFUSED) {
      const code = this.#name()
      return code === 'ERR_TOPIC_LIMIT' ? { kind, code } : null
    }
    if (kind === FrameKind.APPENDED) {
      const topic = this.#topic()
      const epoch = this.#name(this.#epochs)
      return { kind, topic, epoch, publication: this.#publication(this.#end) }
    }
    if (kind !== FrameKind.PAGE) return null
    const lost = lostReasons[this.#byte()]
    const head = this.#cursor()
    if (lost === undefined) return null
    if (lost !== null) return { kind, result: { lost, head, start: this.#cursor() } }
    const publications: Publication[] = []
    while (this.#at < this.#end && !this.#isBad) {
      const length = this.#whole(PUBLICATION_BYTES)
      if (length > this.#end - this.#at) return null
      const end = this.#at + length
      publications.push(this.#publication(end))
    }
    return { kind, result: { lost, publications, head } }
  }

  #begin(bytes: Buffer, start: number, end: number): this {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
    this.#isBad = false
    return this
  }

  /** Moves past so many bytes, and says where they begin; -1 where they are not there. */
  #skip(count: number): number {
    const at = this.#at
    if (at + count > this.#end) {
      this.#isBad = true
      this.#at = this.#end
      return -1
    }
    this.#at = at + count
    return at
  }

  #byte(): number {
    const at = this.#skip(1)
    return at < 0 ? 0 : this.#bytes[at]!
  }

  #whole(lowest: number): number {
    const at = this.#skip(8)
    const value = at < 0 ? NaN : this.#bytes.readDoubleLE(at)
    if (Number.isSafeInteger(value) && value >= lowest) return value
    this.#isBad = true
    return lowest
  }

  #name(recent?: RecentName): string {
    const length = this.#byte()
    const at = this.#skip(length)
    if (at < 0) return ''
    if (recent !== undefined) return recent.read(this.#bytes, at, at + length)
    return this.#bytes.toString('utf8', at, at + length)
  }

  #topic(): string {
    const topic = this.#name(this.#topics)
    if (topic === '') this.#isBad = true
    return topic
  }

  #cursor(): Cursor {
    return { epoch: this.#name(this.#epochs), offset: this.#whole(0) }
  }

  #retention(): Retention {
    return { count: this.#whole(1), bytes: this.#whole(1), ageMs: this.#whole(1) }
  }

  /** The rest, up to `end`; what comes before it must not have gone beyond. */
  #message(flags: number, end: number): PublishedMessage {
    const at = this.#at
    if (at > end) this.#isBad = true
    if (this.#isBad) return ''
    this.#at = end
    return flags & Flag.TEXT
      ? this.#bytes.toString('utf8', at, end)
      : plainBytes(this.#bytes, at, end)
  }

  #publication(end: number): Publication {
    const flags = this.#byte()
    const offset = this.#whole(1)
    const previous = this.#whole(0)
    const timeMs = this.#whole(0)
    const key = flags & Flag.KEY ? this.#name() : null
    const message = this.#message(flags, end)
    // The receiver's to keep, and it must not keep all that came with it.
    const kept = typeof message === 'string' ? message : new Uint8Array(message)
    return { offset, previous, message: kept, key, timeMs }
  }
}

function byteLengthOf(message: PublishedMessage): number {
  return typeof message === 'string' ? Buffer.byteLength(message) : message.length
}

function nameBytes(name: string): number {
  return 1 + Buffer.byteLength(name)
}

function optionalBytes(name: string | null): number {
  return name === null ? 0 : nameBytes(name)
}

function cursorBytes({ epoch }: Cursor): number {
  return nameBytes(epoch) + 8
}

function publicationBytes({ key, message }: Publication): number {
  return PUBLICATION_BYTES + optionalBytes(key) + byteLengthOf(message)
}
