// How a publication is carried as a NATS message: the payload is the message itself, and what else there is stands in
// headers, so that programs in any language can publish and read. Knows no connection.

import type { Msg, MsgHdrs } from '@nats-io/transport-node'
import type { Publication, PublishedMessage } from '../../topics/broker.ts'

/** `bytes`, or not there for text. */
const TYPE = 'Holdline-Type'
/** What `conflate` goes by, encoded as in a URL: header values are of ASCII, and trimmed. */
const KEY = 'Holdline-Key'
/** `<process> <number>`: numbers of one process rise, so that what came by two subscriptions is told once. */
const FROM = 'Holdline-From'

const NO_BYTES = new Uint8Array(0)

/** The payload, as a copy. */
export function payloadOf(message: PublishedMessage): Uint8Array {
  if (typeof message === 'string') return message === '' ? NO_BYTES : Buffer.from(message)
  return Uint8Array.from(message)
}

export function setPlain(headers: MsgHdrs, message: PublishedMessage, from: string): MsgHdrs {
  if (typeof message !== 'string') headers.set(TYPE, 'bytes')
  headers.set(FROM, from)
  return headers
}

export interface LogHeaders {
  readonly key: string | null
  readonly idempotencyKey: string | null
  /** The publication alone is more than the topic may keep: all before it goes. */
  readonly isOnly: boolean
}

/** undefined: none are needed. */
export function logHeaders(
  newHeaders: () => MsgHdrs,
  message: PublishedMessage,
  { key, idempotencyKey, isOnly }: LogHeaders,
): MsgHdrs | undefined {
  const isText = typeof message === 'string'
  if (isText && key === null && idempotencyKey === null && !isOnly) return undefined
  const headers = newHeaders()
  if (!isText) headers.set(TYPE, 'bytes')
  // A value of no characters is one that JavaScript's client does not send; `=` is in no encoded key.
  if (key !== null) headers.set(KEY, key === '' ? '=' : encoded(key))
  if (idempotencyKey !== null) headers.set('Nats-Msg-Id', `k${encoded(idempotencyKey)}`)
  if (isOnly) headers.set('Nats-Rollup', 'sub')
  return headers
}

/** Bytes are borrowed from the client library. */
export function messageOf(data: Uint8Array, headers: MsgHdrs | undefined): PublishedMessage {
  if (headers?.get(TYPE) === 'bytes') return data
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString()
}

/** null: the publisher is not Holdline. */
export function fromOf(headers: MsgHdrs | undefined): { process: string; number: number } | null {
  const [process, number] = (headers?.get(FROM) ?? '').split(' ')
  return process === undefined || number === undefined ? null : { process, number: Number(number) }
}

/** A message that a stream took; its bytes are copied. Streams number their messages one by one. */
export function publicationOf(
  offset: number,
  timeMs: number,
  data: Uint8Array,
  headers: MsgHdrs | undefined,
): Publication {
  const message = messageOf(data, headers)
  return {
    offset,
    previous: offset - 1,
    message: typeof message === 'string' ? message : Uint8Array.from(message),
    key: keyOf(headers),
    timeMs,
  }
}

export interface Live {
  readonly stream: string
  readonly publication: Publication
}

/** A message that a stream published again when it took it; null: it is none. */
export function liveOf(message: Msg): Live | null {
  const headers = headersOf(message)
  const stream = headers?.get('Nats-Stream')
  const offset = Number(headers?.get('Nats-Sequence'))
  if (!stream || !(offset > 0)) return null
  // Servers before 2.10 do not tell their time here: then it is the time of arrival.
  const time = Date.parse(headers?.get('Nats-Time-Stamp') ?? '')
  const timeMs = Number.isNaN(time) ? Date.now() : time
  return { stream, publication: publicationOf(offset, timeMs, message.data, headers) }
}

/** A stranger may have sent what are no headers; an exception would end all reading of the connection. */
export function headersOf(message: Msg): MsgHdrs | undefined {
  try {
    return message.headers
  } catch {
    return undefined
  }
}

function keyOf(headers: MsgHdrs | undefined): string | null {
  const key = headers?.get(KEY)
  if (!key) return null
  if (key === '=') return ''
  try {
    return decodeURIComponent(key)
  } catch {
    // A stranger's, as it is.
    return key
  }
}

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}
