// The two encodings of holdline.v1: how an envelope stands in a message, and how publications are put into envelopes,
// once for all subscribers. Knows no line.

import { decode, Encoder } from '@msgpack/msgpack'
import type {
  Gap,
  Publication,
  PublicationFormat,
  PublishedMessage,
} from '../connection/topic-hub.ts'
import { isWholeMessagePack } from './message-pack-check.ts'
import { isPlainData, MAX_DEPTH } from './plain-data.ts'

/** What is sent: an object with a type. */
export interface Answer {
  readonly type: string
  readonly [field: string]: unknown
}

export interface Encoding {
  readonly subprotocol: string
  readonly format: PublicationFormat
  /** Fields that are undefined are left out. */
  encode(answer: Answer): PublishedMessage
  /** What one message holds; undefined: no value of this encoding. Bytes in it are a copy. */
  decode(message: PublishedMessage): unknown
  /** A message of a topic as fields of an envelope. */
  dataFields(message: PublishedMessage): Readonly<Record<string, unknown>>
}

const jsonFormat: PublicationFormat = {
  name: 'v1-json',
  encode(topic, { offset, message, key }: Publication): string {
    const place = offset > 0 ? `,"offset":${offset}` : ''
    const keyed = key === null ? '' : `,"key":${JSON.stringify(key)}`
    return `{"type":"pub","topic":${JSON.stringify(topic)}${place}${keyed},${jsonData(message)}}`
  },
  gap: (gap) => JSON.stringify(gapAnswer(gap)),
}

/** Text that is JSON goes out as it is: it is looked through once, not built anew. */
function jsonData(message: PublishedMessage): string {
  if (typeof message !== 'string') return `"data64":"${base64(message)}"`
  return `"data":${isJson(message) ? message : JSON.stringify(message)}`
}

export const jsonEncoding: Encoding = {
  subprotocol: 'holdline.v1',
  format: jsonFormat,
  encode: (answer) => JSON.stringify(answer),
  decode(message) {
    if (typeof message !== 'string') return undefined
    try {
      return JSON.parse(message) as unknown
    } catch {
      return undefined
    }
  },
  dataFields: (message) =>
    typeof message === 'string' ? { data: valueOf(message) } : { data64: base64(message) },
}

const messagePackFormat: PublicationFormat = {
  name: 'v1-msgpack',
  encode: (topic, { offset, message, key }) =>
    pack({
      type: 'pub',
      topic,
      ...(offset > 0 && { offset }),
      ...(key !== null && { key: key.toWellFormed() }),
      data: packable(message),
    }),
  gap: (gap) => pack(gapAnswer(gap)),
}

export const messagePackEncoding: Encoding = {
  subprotocol: 'holdline.v1.msgpack',
  format: messagePackFormat,
  encode: pack,
  decode(message) {
    // The envelope is one level itself, and so is what its fields hold.
    if (typeof message === 'string' || !isWholeMessagePack(message, MAX_DEPTH + 2)) return undefined
    try {
      // A copy: `bin` would be a view of bytes that are borrowed.
      return decode(message.slice())
    } catch {
      return undefined
    }
  },
  dataFields: (message) => ({ data: packable(message) }),
}

export const encodings: readonly Encoding[] = [jsonEncoding, messagePackEncoding]

/** One for all: to make one takes as long as to encode with it. It gives a copy of what it has written. */
const encoder = new Encoder({ ignoreUndefined: true, maxDepth: MAX_DEPTH + 8 })

function pack(answer: Answer): Uint8Array {
  return encoder.encode(answer)
}

function packable(message: PublishedMessage): unknown {
  if (typeof message !== 'string') return message
  const value = valueOf(message)
  // What the program published itself may lie deeper than the encoder goes.
  return isPlainData(value) ? value : message.toWellFormed()
}

function gapAnswer({ topic, from, to, count, reason }: Gap): Answer {
  return {
    type: 'gap',
    topic,
    from: from?.offset ?? null,
    to: to?.offset ?? null,
    epoch: to?.epoch ?? null,
    count,
    reason,
  }
}

/** A text of a topic as data: the value that it is in JSON, else the text itself. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
