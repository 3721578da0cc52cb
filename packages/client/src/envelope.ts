// What one message of holdline.v1 looks like, and the little that is taken from it on trust: nothing. Knows no line.

import { validate } from './codec.ts'
import type { Bytes, Schema } from './contract.ts'
import { isCount } from './errors.ts'
import type { Cursor, Gap, Member, TopicMessage } from './topic-words.ts'

/** One message of holdline.v1, of either side. What came from a server may have anything in its fields. */
export interface Envelope {
  readonly type: string
  readonly [field: string]: unknown
}

/** How envelopes are put into messages: JSON here, MessagePack in `holdline-client/msgpack`. */
export interface EnvelopeCodec {
  readonly protocol: string
  encode(envelope: Envelope): string | Bytes
  /** May throw, and may give anything. */
  decode(data: string | ArrayBuffer): unknown
}

export const jsonEnvelopes: EnvelopeCodec = {
  protocol: 'holdline.v1',
  encode: ({ data, ...rest }) =>
    JSON.stringify(
      data instanceof Uint8Array ? { ...rest, data64: base64(data) } : { ...rest, data },
    ),
  // A binary message becomes a text that is no JSON.
  decode: (data) => JSON.parse(data as string),
}

export function isEnvelope(value: unknown): value is Envelope {
  return isObject(value) && isText(value['type'])
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return Object(value) === value
}

/** A list of what is no list is empty. What is in it and is no object is left out. */
export function objectsOf(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

export function cursorOf(value: unknown): Cursor | null {
  return isObject(value) && isText(value['epoch']) && isCount(value['offset'])
    ? (value as unknown as Cursor)
    : null
}

/** @throws ClientError ERR_MESSAGE_INVALID, and what `atob` throws. */
export function messageOf<Data>(
  { topic, data, data64, offset, key }: Readonly<Record<string, unknown>>,
  schema: Schema | undefined,
  gap: Gap | null,
): TopicMessage<Data> {
  // Bytes, where the encoding has none of its own.
  const message = isText(data64)
    ? Uint8Array.from(atob(data64), (character) => character.charCodeAt(0))
    : data
  return {
    topic: topic as string,
    data: validate(schema, message, 'ERR_MESSAGE_INVALID') as Data,
    offset: isCount(offset) ? offset : null,
    key: isText(key) ? key : null,
    gap,
  }
}

export function membersOf(list: unknown): Member[] {
  return objectsOf(list).filter(({ member }) => isText(member)) as unknown as Member[]
}

export function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function base64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}
