// What one line has to do with topics: its subscriptions, what it publishes and asks for, where it is present. Asks who
// may do what before anything is done; delivery is the hub's.

import { createHash } from 'node:crypto'
import { isPromise } from '../connection/lane.ts'
import type { PresenceHub } from '../connection/presence-hub.ts'
import { RateLimit } from '../connection/rate-limit.ts'
import type {
  Cursor,
  HistoryPage,
  Overflow,
  PublishedMessage,
  TopicHub,
} from '../connection/topic-hub.ts'
import { isPattern } from '../topics/topic-name.ts'
import type { Authorize, TopicAction } from '../topics/topic-options.ts'
import type { Command, ProvenCursor } from './command.ts'
import { identityKey } from './cursor-proof.ts'
import type { Encoding } from './encoding.ts'
import type { LineIdentity } from './identity.ts'
import type { LineSession } from './line-session.ts'
import { Refusal } from './refusal.ts'

/** Of whom a line is, whenever it is asked. */
export interface LineHolder {
  readonly identity: LineIdentity | null
  readonly session: string
}

type Of<Type extends Command['type']> = Extract<Command, { readonly type: Type }>
type Subscribe = Of<'subscribe'>
type Publish = Of<'publish'>

/** What a server's topics have beyond the contract, where it is a server's. */
interface ServerHub extends TopicHub {
  readonly presence?: PresenceHub | undefined
  readonly settings?: {
    of(topic: string): { readonly authorize: Authorize | null; readonly overflow: Overflow }
  }
}

interface Subscription {
  /** Ends the watch over who is present; null where it was not asked for. */
  stopWatching: (() => void) | null
}

export class LineTopics {
  readonly #line: LineSession
  readonly #holder: LineHolder
  readonly #encoding: Encoding
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #rate: RateLimit
  #unconfirmed = 0
  #whenConfirmed: (() => void) | null = null
  /** With the states that were given. */
  readonly #presentOn = new Map<string, unknown>()

  constructor(line: LineSession, holder: LineHolder, encoding: Encoding) {
    const { publishesPerSecond, publishBytesPerSecond } = line.options
    this.#line = line
    this.#holder = holder
    this.#encoding = encoding
    this.#rate = new RateLimit(publishesPerSecond, publishBytesPerSecond)
  }

  run(command: Exclude<Command, Of<'hello' | 'token' | 'ping'>>): void | Promise<void> {
    switch (command.type) {
      case 'subscribe':
        return this.#subscribe(command)
      case 'unsubscribe':
        return this.#unsubscribe(command)
      case 'publish':
        return this.#publish(command)
      case 'history':
        return this.#history(command)
      case 'present':
        return this.#present(command)
      case 'members':
        return this.#members(command)
    }
  }

  /** Ends what the identity, as it is now, may not have; who was present without a name has it from now on. */
  async authorizeAgain(): Promise<void> {
    for (const [topic, state] of this.#presentOn) {
      if (!(await this.#isAllowed('presence', topic))) this.#leave(topic)
      else if (this.#line.connection.isOpen && this.#presentOn.has(topic)) {
        this.#announce(topic, state)
      }
    }
    for (const [topic, { stopWatching }] of this.#subscriptions) {
      const isAllowed =
        (await this.#isAllowed('subscribe', topic)) &&
        (stopWatching === null || (await this.#isAllowed('presence', topic)))
      if (isAllowed || !this.#line.connection.isOpen) continue
      this.#forget(topic)
      this.#line.send({ type: 'unsubscribed', topic, code: 'ERR_TOPIC_FORBIDDEN' })
    }
  }

  end(): void {
    for (const { stopWatching } of this.#subscriptions.values()) stopWatching?.()
    this.#subscriptions.clear()
    if (this.#presentOn.size > 0) this.#hub.presence?.leave(this.#line.connection)
  }

  get #hub(): ServerHub {
    return this.#line.connection.hub
  }

  async #subscribe({ id, topic, since, overflow, presence, state }: Subscribe): Promise<void> {
    const { connection, options } = this.#line
    if (this.#subscriptions.has(topic)) throw new Refusal('ERR_TOPIC_SUBSCRIBED')
    if (this.#subscriptions.size >= options.maxSubscriptions) throw new Refusal('ERR_SUBSCRIPTIONS')
    if (isPattern(topic)) {
      if (!options.patterns) throw new Refusal('ERR_TOPIC_FORBIDDEN', 'patterns are not served')
      if (presence || state !== undefined) throw new Refusal('ERR_TOPIC_NAME', 'presence')
    }
    // Whoever holds publishers up does so to everybody else: only the program may want that of its topic.
    if (overflow === 'block' && this.#hub.settings?.of(topic).overflow !== 'block') {
      throw new Refusal('ERR_TOPIC_FORBIDDEN', 'block')
    }
    await this.#authorize('subscribe', topic)
    if (presence || state !== undefined) {
      this.#presence()
      await this.#authorize('presence', topic)
    }
    if (since !== null && since !== 'start') this.#checkProof(topic, since)
    if (!connection.isOpen) return
    const subscribed = await this.#hub.subscribe(connection, topic, {
      format: this.#encoding.format,
      ...(since !== null && { since: since === 'start' ? since : plain(since) }),
      ...(overflow !== null && { overflow }),
    })
    if (!connection.isOpen) return
    const subscription: Subscription = { stopWatching: null }
    this.#subscriptions.set(topic, subscription)
    if (state !== undefined) this.#announceOrForget(topic, state)
    this.#line.send({
      type: 'subscribed',
      id,
      topic,
      cursor: subscribed.cursor === null ? null : this.#proven(topic, subscribed.cursor),
      recovered: subscribed.recovered,
      reason: subscribed.reason ?? undefined,
      members: presence ? this.#presence().members(topic) : undefined,
    })
    if (!presence) return
    subscription.stopWatching = this.#presence().watch(topic, ({ joined, left, changed }) => {
      const gone = left.map(({ member, identity }) => ({ member, identity }))
      this.#line.send({ type: 'presence', topic, joined, left: gone, changed })
    })
  }

  #unsubscribe({ id, topic }: Of<'unsubscribe' | 'members'>): void {
    this.#forget(topic)
    this.#line.send({ type: 'unsubscribed', id, topic })
  }

  #forget(topic: string): void {
    this.#leave(topic)
    const subscription = this.#subscriptions.get(topic)
    if (subscription === undefined) return
    this.#subscriptions.delete(topic)
    subscription.stopWatching?.()
    this.#line.connection.unsubscribe(topic)
  }

  #publish(command: Publish): void | Promise<void> {
    const { topic, message } = command
    const { maxPublishBytes, publishesPerSecond } = this.#line.options
    const bytes = Buffer.byteLength(message)
    if (bytes > maxPublishBytes)
      throw new Refusal('ERR_PUBLISH_BYTES', `at most ${maxPublishBytes}`)
    const nowMs = this.#line.connection.wheel.coarseNow
    if (!this.#rate.takeMessage(nowMs)) {
      throw new Refusal('ERR_PUBLISH_RATE', undefined, Math.ceil(1_000 / publishesPerSecond))
    }
    if (!this.#rate.takeBytes(bytes, nowMs)) throw new Refusal('ERR_PUBLISH_RATE', undefined, 1_000)
    const allowed = this.#isAllowed('publish', topic)
    if (!isPromise(allowed)) return this.#publishIf(allowed, command)
    return allowed.then((isAllowed) => this.#publishIf(isAllowed, command))
  }

  /** The promise, if there is one, resolves when another publication may follow. */
  #publishIf(isAllowed: boolean, command: Publish): void | Promise<void> {
    if (!isAllowed) throw new Refusal('ERR_TOPIC_FORBIDDEN', 'publish')
    if (!this.#line.connection.isOpen) return undefined
    const { id, topic, key, idempotencyKey } = command
    const message = this.#reviewed(command)
    const publishing = this.#hub.publish(topic, message, {
      ...(key !== null && { key }),
      ...(idempotencyKey !== null && { idempotencyKey: this.#scoped(idempotencyKey) }),
    })
    this.#unconfirmed++
    publishing.then(
      (cursor) => {
        if (id !== 0) this.#line.send({ type: 'published', id, topic, cursor })
        this.#confirmed()
      },
      (error: unknown) => {
        this.#line.refuse(id, error, topic)
        this.#confirmed()
      },
    )
    if (this.#unconfirmed < this.#line.options.maxUnconfirmed) return undefined
    return new Promise((resolve) => (this.#whenConfirmed = resolve))
  }

  #reviewed({ topic, message }: Publish): PublishedMessage {
    const { connection, options } = this.#line
    if (options.review === null) return message
    const { identity } = this.#holder
    const answer = options.review({ topic, message, identity, request: connection.request })
    if (answer === null) throw new Refusal('ERR_LINE_FIELD', 'data')
    if (typeof answer === 'string' || answer instanceof Uint8Array) return answer
    throw new TypeError('review answered with neither text nor bytes')
  }

  #confirmed(): void {
    this.#unconfirmed--
    this.#whenConfirmed?.()
    this.#whenConfirmed = null
  }

  /** A key of one identity must not swallow what another publishes. */
  #scoped(key: string): string {
    const { identity } = this.#holder
    const scope = identity === null ? null : identityKey(identity)
    return createHash('sha256')
      .update(JSON.stringify([scope, key]))
      .digest('base64url')
  }

  async #history({ id, topic, after, limit }: Of<'history'>): Promise<void> {
    await this.#authorize('history', topic)
    if (after !== null) this.#checkProof(topic, after)
    if (!this.#line.connection.isOpen) return
    const page = await this.#hub.history(topic, {
      limit,
      ...(after !== null && { after: plain(after) }),
    })
    this.#line.send({
      type: 'history',
      id,
      topic,
      publications: this.#publicationsOf(page),
      cursor: this.#proven(topic, page.cursor),
      head: this.#proven(topic, page.head),
      lost: page.lost,
    })
  }

  #publicationsOf({ publications }: HistoryPage): readonly unknown[] {
    return publications.map(({ offset, message, key }) => ({
      offset,
      ...(key !== null && { key }),
      ...this.#encoding.dataFields(message),
    }))
  }

  // --- Presence

  async #present({ id, topic, state }: Of<'present'>): Promise<void> {
    await this.#authorize('presence', topic)
    if (!this.#line.connection.isOpen) return
    this.#presence()
    if (state === null) this.#leave(topic)
    else this.#announce(topic, state)
    this.#line.send({ type: 'done', id })
  }

  async #members({ id, topic }: Of<'unsubscribe' | 'members'>): Promise<void> {
    await this.#authorize('presence', topic)
    const members = this.#presence().members(topic)
    this.#line.send({ type: 'members', id, topic, members })
  }

  #announce(topic: string, state: unknown): void {
    const { identity, session } = this.#holder
    // Lines of one identity are one member; that of another tenant with the same id is another.
    const member =
      identity === null
        ? session
        : identity.tenant === undefined
          ? identity.id
          : `${encodeURIComponent(identity.tenant)}:${identity.id}`
    this.#presence().set(this.#line.connection, topic, member, state, identity?.id ?? null)
    this.#presentOn.set(topic, state)
  }

  /** Who is refused has no subscription either. */
  #announceOrForget(topic: string, state: unknown): void {
    try {
      this.#announce(topic, state)
    } catch (error) {
      this.#forget(topic)
      throw error
    }
  }

  #leave(topic: string): void {
    if (this.#presentOn.delete(topic)) this.#presence().clear(this.#line.connection, topic)
  }

  #presence(): PresenceHub {
    const { presence } = this.#hub
    if (presence === undefined) throw new Refusal('ERR_PRESENCE_OFF')
    return presence
  }

  // --- Who may do what

  async #authorize(action: TopicAction, topic: string): Promise<void> {
    if (!(await this.#isAllowed(action, topic))) throw new Refusal('ERR_TOPIC_FORBIDDEN', action)
  }

  /** The line's `authorize` and the topic's must both say yes; where there is neither, everything but publishing is free. */
  #isAllowed(action: TopicAction, topic: string): boolean | Promise<boolean> {
    const ofLine = this.#line.options.authorize
    const ofTopic = this.#hub.settings?.of(topic).authorize ?? null
    if (ofLine === null && ofTopic === null) return action !== 'publish'
    const byLine = ofLine === null ? true : this.#ask(ofLine, action, topic)
    if (ofTopic === null || byLine === false) return byLine
    if (!isPromise(byLine)) return this.#ask(ofTopic, action, topic)
    return byLine.then((isAllowed) => isAllowed && this.#ask(ofTopic, action, topic))
  }

  #ask(authorize: Authorize, action: TopicAction, topic: string): boolean | Promise<boolean> {
    const { identity } = this.#holder
    const { request } = this.#line.connection
    // Nothing but `true` is a yes.
    try {
      const answer: unknown = authorize({ action, topic, identity, request })
      if (!isPromise(answer)) return answer === true
      return Promise.resolve(answer).then(
        (settled) => settled === true,
        (error: unknown) => this.#askFailed(error),
      )
    } catch (error) {
      return this.#askFailed(error)
    }
  }

  #askFailed(error: unknown): boolean {
    this.#line.connection.report('ERR_LINE_FAILED', error)
    return false
  }

  // --- Cursors

  /** Without an identity there is nobody to bind a cursor to. */
  #checkProof(topic: string, { proof }: ProvenCursor): void {
    const { identity } = this.#holder
    if (identity === null) return
    if (proof !== null && this.#line.options.proof.isRight(proof, identity, topic)) return
    throw new Refusal('ERR_CURSOR_PROOF')
  }

  #proven(topic: string, { epoch, offset }: Cursor): Cursor & { readonly proof?: string } {
    const { identity } = this.#holder
    if (identity === null) return { epoch, offset }
    return { epoch, offset, proof: this.#line.options.proof.of(identity, topic) }
  }
}

function plain({ epoch, offset }: ProvenCursor): Cursor {
  return { epoch, offset }
}
