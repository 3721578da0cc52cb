// How topics are called in NATS: subjects and streams. Computes only.

import { createHash, randomBytes } from 'node:crypto'
import { HoldlineError } from '../../protocol/errors.ts'

/** Of the newest stream of a topic, and so of the topic. */
const EPOCH_LENGTH = 16
const PREFIX = /^[A-Za-z0-9_-]{1,32}(\.[A-Za-z0-9_-]{1,32}){0,3}$/
const FINE = /^[A-Za-z0-9_-]+$/

export class NatsNames {
  readonly #prefix: string
  readonly #streams: string
  /** How many characters of a subject go before the topic. */
  readonly #plainLength: number
  readonly #liveLength: number

  /** @throws HoldlineError ERR_OPTION_INVALID */
  constructor(prefix: string) {
    if (!PREFIX.test(prefix)) {
      const detail = `nats: prefix ${JSON.stringify(prefix)}: use letters, digits, - and _, in up to 4 parts`
      throw new HoldlineError('ERR_OPTION_INVALID', detail)
    }
    this.#prefix = prefix
    this.#streams = prefix.replaceAll('.', '_')
    this.#plainLength = this.plain('').length - 1
    this.#liveLength = this.live('').length - 1
  }

  /** Publications without history. */
  plain(topic: string): string {
    return `${this.#prefix}.pub.${subjectOf(topic)}`
  }

  /** Publications on their way into the history. */
  log(topic: string): string {
    return `${this.#prefix}.log.${subjectOf(topic)}`
  }

  /** Publications as the history took them. */
  live(topic: string): string {
    return `${this.#prefix}.live.${subjectOf(topic)}`
  }

  ofPlain(subject: string): string {
    return topicOf(subject.slice(this.#plainLength))
  }

  ofLive(subject: string): string {
    return topicOf(subject.slice(this.#liveLength))
  }

  /** A stream for a new epoch of the topic; its name is never used again. */
  newStream(topic: string): string {
    // Names of topics have characters that names of streams must not; the stream's description tells it.
    const hash = createHash('sha256').update(`${this.#prefix} ${topic}`).digest('hex').slice(0, 32)
    return `${this.#streams}-${hash}-${randomBytes(EPOCH_LENGTH / 2).toString('hex')}`
  }

  static epochOf(stream: string): string {
    return stream.slice(-EPOCH_LENGTH)
  }
}

/** Parts stay parts, `*` and `**` as a whole part stay patterns; all else that a subject must not have becomes `=XX`. */
export function subjectOf(topic: string): string {
  if (FINE.test(topic)) return topic
  return topic
    .split('.')
    .map((part, i, parts) => {
      if (part === '*') return '*'
      if (part === '**' && i === parts.length - 1) return '>'
      if (part === '') return '='
      return FINE.test(part) ? part : escaped(part)
    })
    .join('.')
}

export function topicOf(subject: string): string {
  if (!subject.includes('=')) return subject
  return subject
    .split('.')
    .map((part) => {
      if (part === '=') return ''
      return part.includes('=') ? unescaped(part) : part
    })
    .join('.')
}

function escaped(part: string): string {
  let text = ''
  for (const byte of Buffer.from(part)) {
    const character = String.fromCharCode(byte)
    text += FINE.test(character) ? character : `=${byte.toString(16).padStart(2, '0')}`
  }
  return text
}

function unescaped(part: string): string {
  return Buffer.from(
    part.replaceAll(/=([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  ).toString()
}
