// How topics are called in Redis: keys, channels and the globs of patterns. Knows no connection.

/** The keys of one topic; all are in one hash slot, and so is its channel. */
export interface TopicKeys {
  /** A hash: epoch, offset and what trimming needs. */
  readonly head: string
  /** A stream: what is kept. */
  readonly log: string
  readonly channel: string
}

/** No topic begins with it, so neither does its hash tag: `encode` leaves none of it. */
const LIFE = '%life'

export class TopicNames {
  readonly #prefix: string
  /** Names the data set: another value, or none, says that all was deleted. */
  readonly life: string

  /** @param prefix without `{` and `}` */
  constructor(prefix: string) {
    this.#prefix = prefix
    this.life = `${prefix}:{${LIFE}}`
  }

  /** The same, for a node of a cluster: of many, one lies in a slot of its own. */
  lifeOf(number: number): string {
    return `${this.#prefix}:{${LIFE}.${number}}`
  }

  keys(topic: string): TopicKeys {
    const channel = this.channel(topic)
    return { head: `${channel}:head`, log: `${channel}:log`, channel }
  }

  channel(topic: string): string {
    return `${this.#prefix}:{${encode(topic)}}`
  }

  /** Remembers an idempotency key. */
  once(channel: string, idempotencyKey: string): string {
    return `${channel}:once:${idempotencyKey}`
  }

  topicOf(channel: string): string {
    return decode(channel.slice(this.#prefix.length + 2, -1))
  }

  /** What PSUBSCRIBE takes: it matches at least what the pattern does, as `*` passes dots there. */
  glob(pattern: string): string {
    const parts = pattern
      .split('.')
      .map((part) => (isWild(part) ? '*' : encode(part).replace(/[*?[\]\\^-]/g, '\\$&')))
    const prefix = this.#prefix.replace(/[*?[\]\\^-]/g, '\\$&')
    return `${prefix}:{${parts.join('.')}}`
  }
}

/** Whether a name stands for many topics: a part of it is `*`, or its last one `**`. */
export function isPattern(name: string): boolean {
  const parts = name.split('.')
  return parts.some((part, i) => part === '*' || (part === '**' && i === parts.length - 1))
}

/** `*` is one part, `**` at the end one or more. */
export function matches(patternParts: readonly string[], topic: string): boolean {
  const parts = topic.split('.')
  const last = patternParts.length - 1
  const isOpen = patternParts[last] === '**'
  if (isOpen ? parts.length <= last : parts.length !== last + 1) return false
  for (let i = 0; i <= last; i++) {
    if (i === last && isOpen) return true
    if (patternParts[i] !== '*' && patternParts[i] !== parts[i]) return false
  }
  return true
}

function isWild(part: string): boolean {
  return part === '*' || part === '**'
}

// A hash tag ends at the first `}`, and must not be empty.
function encode(topic: string): string {
  return topic.replace(/[%{}]/g, (character) =>
    character === '%' ? '%25' : character === '{' ? '%7B' : '%7D',
  )
}

function decode(encoded: string): string {
  return encoded.replace(/%(25|7B|7D)/g, (_, code) => String.fromCharCode(parseInt(code, 16)))
}
