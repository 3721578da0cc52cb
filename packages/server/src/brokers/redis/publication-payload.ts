// What a channel carries: a line that says what follows, then the key, then the message. Knows no connection.
//
// `p<kind> <process> <number>\n<message>` without history, `h<kind> <epoch> <offset> <timeMs> <key bytes or ->\n<key>
// <message>` with; the latter is made in topic-scripts.ts. Kind: `t` text, `b` bytes.

import type { Publication, PublishedMessage } from '../../topics/broker.ts'

const NEW_LINE = 10
const HISTORY = 0x68
const TEXT = 0x74

/** Longest first line that is looked at. */
const MAX_LINE_BYTES = 256

export interface Payload {
  /** The first line: no two publications of a topic have the same. */
  readonly line: string
  /** null: a publication of a topic without history. */
  readonly epoch: string | null
  readonly publication: Publication
}

export function kindOf(message: PublishedMessage): 't' | 'b' {
  return typeof message === 'string' ? 't' : 'b'
}

/** The message as Redis is given it: bytes are copied. */
export function bytesOf(message: PublishedMessage): string | Buffer {
  return typeof message === 'string' ? message : Buffer.from(message)
}

/** A publication of a topic without history, as a copy. */
export function plainPayload(
  processName: string,
  number: number,
  message: PublishedMessage,
): string | Buffer {
  const line = `p${kindOf(message)} ${processName} ${number}\n`
  return typeof message === 'string' ? line + message : Buffer.concat([Buffer.from(line), message])
}

/** What came; null: it is not one of ours. Bytes of topics without history are borrowed, others a copy. */
export function readPayload(bytes: Buffer): Payload | null {
  const end = bytes.subarray(0, MAX_LINE_BYTES).indexOf(NEW_LINE)
  if (end < 0) return null
  const line = bytes.toString('latin1', 0, end)
  const isText = bytes[1] === TEXT
  const rest = end + 1
  if (bytes[0] !== HISTORY) {
    if (!/^p[bt] /.test(line)) return null
    const message = isText ? bytes.toString('utf8', rest) : bytes.subarray(rest)
    const publication = { offset: 0, previous: 0, message, key: null, timeMs: 0 }
    return { line, epoch: null, publication }
  }
  const [, epoch, offsetText, timeText, keyText] = line.split(' ')
  const offset = Number(offsetText)
  const keyEnd = keyText === '-' ? rest : rest + Number(keyText)
  if (!(offset > 0) || !(keyEnd >= rest)) return null
  const publication = {
    offset,
    previous: offset - 1,
    message: isText ? bytes.toString('utf8', keyEnd) : Uint8Array.from(bytes.subarray(keyEnd)),
    key: keyText === '-' ? null : bytes.toString('utf8', rest, keyEnd),
    timeMs: Number(timeText),
  }
  return { line, epoch: epoch!, publication }
}

/** An entry of a topic's stream. */
export function readEntry(entry: unknown): Publication {
  const [id, fields] = entry as [Buffer, Buffer[]]
  const offset = parseInt(id.toString('latin1'))
  const message = fields[1]!
  return {
    offset,
    previous: offset - 1,
    message: fields[0]![0] === TEXT ? message.toString() : Uint8Array.from(message),
    key: fields.length > 4 ? fields[5]!.toString() : null,
    timeMs: Number(fields[3]!.toString('latin1')),
  }
}
