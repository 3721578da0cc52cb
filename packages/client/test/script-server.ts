// A server of holdline.v1 in a few lines, for tests: topics with and without history, honest answers, and every answer
// may be withheld, changed or repeated by the test. Speaks over fake and real sockets alike.

import type { Envelope } from 'holdline-client'

interface Kept {
  readonly offset: number
  readonly data?: unknown
  readonly data64?: unknown
  readonly key?: unknown
}

export interface ScriptTopic {
  epoch: string
  head: number
  kept: Kept[]
  readonly hasHistory: boolean
  readonly keys: Map<string, number>
}

/** What a line hears and says. */
export interface ScriptLine {
  readonly say: (envelope: Envelope) => void
  readonly subscribed: Set<string>
}

export class ScriptServer {
  readonly topics = new Map<string, ScriptTopic>()
  readonly lines = new Set<ScriptLine>()
  readonly present = new Map<string, Map<string, unknown>>()
  /** What arrived, on all lines. */
  readonly heard: Envelope[] = []
  /** Tokens that are taken; undefined: no token is asked for. */
  tokens: Set<string> | undefined
  expiresInMs: number | undefined
  maxMessageBytes = 1_048_576

  topic(name: string, hasHistory = true): ScriptTopic {
    let topic = this.topics.get(name)
    if (!topic) {
      topic = { epoch: 'e1', head: 0, kept: [], hasHistory, keys: new Map() }
      this.topics.set(name, topic)
    }
    return topic
  }

  publish(name: string, data: unknown, key?: string, data64?: unknown): number {
    const topic = this.topic(name)
    topic.head += 1
    const kept: Kept = { offset: topic.head, data, data64, ...(key !== undefined && { key }) }
    if (topic.hasHistory) topic.kept.push(kept)
    for (const line of this.lines) if (line.subscribed.has(name)) line.say(pub(topic, name, kept))
    return topic.head
  }

  /** History is gone, and begins anew. */
  forget(name: string): void {
    const topic = this.topic(name)
    topic.epoch = `e${Number(topic.epoch.slice(1)) + 1}`
    topic.head = 0
    topic.kept = []
  }

  /** A line came. What it says goes to `hear`; it is greeted by `greet`. */
  open(say: (envelope: Envelope) => void): ScriptLine {
    const line: ScriptLine = { say, subscribed: new Set() }
    this.lines.add(line)
    return line
  }

  greet(line: ScriptLine): void {
    if (!this.tokens) line.say(this.#welcome())
  }

  hear(line: ScriptLine, envelope: Envelope): void {
    this.heard.push(envelope)
    const { type, id, topic: name } = envelope
    const answer = (fields: Envelope): void => line.say({ ...fields, id })
    if (type === 'hello') {
      if (this.tokens && !this.tokens.has(envelope['token'] as string)) {
        return answer({ type: 'error', code: 'ERR_TOKEN_INVALID', message: 'no' })
      }
      return answer(this.#welcome())
    }
    if (type === 'token') return answer({ type: 'renewed', expiresInMs: this.expiresInMs })
    if (type === 'ping') return answer({ type: 'pong' })
    const topic = this.topics.get(name as string)
    if (!topic) {
      return answer({ type: 'error', code: 'ERR_TOPIC_UNKNOWN', message: 'none', topic: name })
    }
    switch (type) {
      case 'subscribe':
        return this.#subscribe(line, topic, envelope)
      case 'unsubscribe':
        line.subscribed.delete(name as string)
        return answer({ type: 'unsubscribed', topic: name })
      case 'publish': {
        const { data, data64, key } = envelope
        const idempotencyKey = envelope['idempotencyKey'] as string
        let offset = topic.keys.get(idempotencyKey)
        offset ??= this.publish(name as string, data, key as string, data64)
        topic.keys.set(idempotencyKey, offset)
        const cursor = topic.hasHistory ? { epoch: topic.epoch, offset } : null
        return answer({ type: 'published', topic: name, cursor })
      }
      case 'present':
        return answer({ type: 'done' })
      case 'members':
        return answer({ type: 'members', topic: name, members: [{ member: 'm1', state: 1 }] })
      case 'history': {
        const head = { epoch: topic.epoch, offset: topic.head }
        return answer({
          type: 'history',
          topic: name,
          publications: topic.kept,
          cursor: head,
          head,
          lost: null,
        })
      }
    }
    answer({ type: 'error', code: 'ERR_LINE_TYPE', message: String(type) })
  }

  #welcome(): Envelope {
    const { expiresInMs, maxMessageBytes } = this
    return { type: 'welcome', session: 's', expiresInMs, maxMessageBytes, maxSubscriptions: 100 }
  }

  #subscribe(line: ScriptLine, topic: ScriptTopic, { id, topic: name, since }: Envelope): void {
    const head = { epoch: topic.epoch, offset: topic.head, proof: `proof of ${topic.epoch}` }
    const base = { type: 'subscribed', id, topic: name, members: [] }
    line.subscribed.add(name as string)
    if (!topic.hasHistory) return line.say({ ...base, cursor: null, recovered: false })
    const first = topic.kept[0]?.offset ?? topic.head + 1
    const asked =
      since === 'start'
        ? { ...head, offset: first - 1 }
        : (since as { epoch: string; offset: number; proof?: string } | undefined)
    if (!asked) return line.say({ ...base, cursor: head, recovered: false })
    const reason =
      asked.epoch !== topic.epoch
        ? 'epoch'
        : asked.offset > topic.head
          ? 'future'
          : asked.offset < first - 1
            ? 'trimmed'
            : undefined
    if (reason) return line.say({ ...base, cursor: head, recovered: false, reason })
    line.say({ ...base, cursor: { ...head, offset: asked.offset }, recovered: true })
    for (const kept of topic.kept) {
      if (kept.offset > asked.offset) line.say(pub(topic, name as string, kept))
    }
  }
}

function pub({ hasHistory }: ScriptTopic, topic: string, { offset, ...rest }: Kept): Envelope {
  return { type: 'pub', topic, ...(hasHistory && { offset }), ...rest }
}
