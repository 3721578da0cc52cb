// What a client may ask for: envelopes read field by field, each with its bounds. Nothing is taken on trust, and what is
// not named here is not looked at.

import type { Cursor, Overflow, PublishedMessage } from '../connection/topic-hub.ts'
import type { ErrorCode } from '../protocol/errors.ts'
import { checkTopicName, isOwnTopic, isPattern } from '../topics/topic-name.ts'
import { isPlainData } from './plain-data.ts'

/** A cursor as it stands on the line. */
export interface ProvenCursor extends Cursor {
  readonly proof: string | null
}

export type Command =
  | { readonly type: 'hello'; readonly id: number; readonly token: string | null }
  | { readonly type: 'token'; readonly id: number; readonly token: string }
  | {
      readonly type: 'subscribe'
      readonly id: number
      readonly topic: string
      readonly since: ProvenCursor | 'start' | null
      readonly overflow: Overflow | null
      readonly presence: boolean
      /** undefined: nothing is announced. */
      readonly state: unknown
    }
  | { readonly type: 'unsubscribe' | 'members'; readonly id: number; readonly topic: string }
  | {
      readonly type: 'publish'
      /** 0: no answer but a refusal is wanted. */
      readonly id: number
      readonly topic: string
      readonly message: PublishedMessage
      readonly key: string | null
      readonly idempotencyKey: string | null
    }
  | {
      readonly type: 'present'
      readonly id: number
      readonly topic: string
      readonly state: unknown
    }
  | {
      readonly type: 'history'
      readonly id: number
      readonly topic: string
      readonly after: ProvenCursor | null
      readonly limit: number
    }
  | { readonly type: 'ping'; readonly id: number }

/** Most publications of one `history`. */
export const MAX_HISTORY_LIMIT = 1_000
const DEFAULT_HISTORY_LIMIT = 100

/** Why a message is not a command. */
export class BadMessage extends Error {
  readonly code: ErrorCode
  /** The client's, where that can be told: 0 where not. */
  readonly id: number

  constructor(code: ErrorCode, detail: string, id: number) {
    super(detail)
    this.code = code
    this.id = id
  }
}

/** @throws BadMessage; ERR_LINE_MALFORMED where it is no envelope at all. */
export function readCommand(value: unknown): Command {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BadMessage('ERR_LINE_MALFORMED', 'it is no object', 0)
  }
  // Own fields only: `type` of Object.prototype is nobody's.
  const given = Object.assign(Object.create(null), value) as Record<string, unknown>
  if (typeof given['type'] !== 'string' || Object.hasOwn(value, '__proto__')) {
    throw new BadMessage('ERR_LINE_MALFORMED', 'it has no type', 0)
  }
  return new FieldReader(given).command(given['type'])
}

const overflows: ReadonlySet<unknown> = new Set([
  'block',
  'dropOldest',
  'dropNewest',
  'conflate',
  'replay',
  'disconnect',
] satisfies Overflow[])

class FieldReader {
  readonly #given: Readonly<Record<string, unknown>>
  readonly #id: number

  constructor(given: Readonly<Record<string, unknown>>) {
    this.#given = given
    const { id } = given
    this.#id = Number.isSafeInteger(id) && (id as number) >= 1 ? (id as number) : 0
  }

  command(type: string): Command {
    switch (type) {
      case 'hello': {
        const token = this.#given['token'] ?? null
        return { type, id: this.#ownId(), token: token === null ? null : this.#text('token', 1) }
      }
      case 'token':
        return { type, id: this.#ownId(), token: this.#text('token', 1) }
      case 'subscribe':
        return this.#subscribe()
      case 'unsubscribe':
        return { type, id: this.#ownId(), topic: this.#topic(true) }
      case 'members':
        return { type, id: this.#ownId(), topic: this.#topic() }
      case 'publish':
        return this.#publish()
      case 'present': {
        const { state } = this.#given
        if (state === undefined || !isPlainData(state)) this.#refuse('state')
        return { type, id: this.#ownId(), topic: this.#topic(), state }
      }
      case 'history':
        return this.#history()
      case 'ping':
        return { type, id: this.#ownId() }
      default:
        throw new BadMessage('ERR_LINE_TYPE', JSON.stringify(type.slice(0, 40)), this.#id)
    }
  }

  #subscribe(): Command {
    const { since, overflow, presence, state } = this.#given
    if (overflow !== undefined && overflow !== null && !overflows.has(overflow)) {
      this.#refuse('overflow')
    }
    if (presence !== undefined && presence !== null && typeof presence !== 'boolean') {
      this.#refuse('presence')
    }
    if (state !== undefined && !isPlainData(state)) this.#refuse('state')
    return {
      type: 'subscribe',
      id: this.#ownId(),
      topic: this.#topic(true),
      since: since === 'start' ? since : this.#cursor(since),
      overflow: (overflow ?? null) as Overflow | null,
      presence: presence === true,
      state: state ?? undefined,
    }
  }

  #publish(): Command {
    const { id, key, idempotencyKey } = this.#given
    if (id !== undefined && id !== null) this.#ownId()
    return {
      type: 'publish',
      id: this.#id,
      topic: this.#topic(),
      message: this.#message(),
      key: key === undefined || key === null ? null : this.#text('key', 0, 255),
      idempotencyKey:
        idempotencyKey === undefined || idempotencyKey === null
          ? null
          : this.#text('idempotencyKey', 1, 128),
    }
  }

  #history(): Command {
    const limit = this.#given['limit'] ?? DEFAULT_HISTORY_LIMIT
    const isFine = Number.isSafeInteger(limit) && (limit as number) >= 1
    if (!isFine) this.#refuse('limit')
    return {
      type: 'history',
      id: this.#ownId(),
      topic: this.#topic(),
      after: this.#cursor(this.#given['after']),
      limit: Math.min(limit as number, MAX_HISTORY_LIMIT),
    }
  }

  #ownId(): number {
    return this.#id === 0 ? this.#refuse('id') : this.#id
  }

  /** Names that begin with `$` carry what is Holdline's own: revocations, presence. */
  #topic(mayBePattern = false): string {
    const topic = this.#text('topic', 0)
    try {
      checkTopicName(topic)
      if (!isOwnTopic(topic) && (mayBePattern || !isPattern(topic))) return topic
    } catch {}
    throw new BadMessage('ERR_TOPIC_NAME', 'topic', this.#id)
  }

  /** Bytes as they are; any other data as the text of its JSON. */
  #message(): PublishedMessage {
    const { data, data64 } = this.#given
    if (typeof data64 === 'string' && data === undefined) {
      if (data64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(data64)) this.#refuse('data64')
      return Buffer.from(data64, 'base64')
    }
    if (data64 !== undefined) this.#refuse('data64')
    if (data instanceof Uint8Array) return data
    if (data === undefined || !isPlainData(data)) this.#refuse('data')
    return JSON.stringify(data)
  }

  #cursor(value: unknown): ProvenCursor | null {
    if (value === undefined || value === null) return null
    const {
      epoch,
      offset,
      proof = null,
    } = (typeof value === 'object' ? value : {}) as {
      epoch?: unknown
      offset?: unknown
      proof?: unknown
    }
    const isFine =
      typeof epoch === 'string' &&
      /^[A-Za-z0-9_-]{1,64}$/.test(epoch) &&
      Number.isSafeInteger(offset) &&
      (offset as number) >= 0 &&
      (proof === null || typeof proof === 'string')
    if (!isFine) throw new BadMessage('ERR_CURSOR_INVALID', 'cursor', this.#id)
    return { epoch, offset: offset as number, proof }
  }

  #text(field: string, minLength: number, maxBytes: number = Infinity): string {
    const value = this.#given[field]
    if (typeof value !== 'string' || value.length < minLength) return this.#refuse(field)
    // What is no Unicode is another name, or key, in every process that gets it.
    if (!value.isWellFormed()) return this.#refuse(field)
    return Buffer.byteLength(value) <= maxBytes ? value : this.#refuse(field)
  }

  #refuse(field: string): never {
    throw new BadMessage('ERR_LINE_FIELD', field, this.#id)
  }
}
