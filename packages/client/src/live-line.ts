// A line that speaks holdline.v1: who it is, what it asks, which subscriptions it holds, when it moves. Leaves holding
// the line to HeldLine, and what a subscription is to TopicSubscription.

import { socketUrl } from './address.ts'
import { Asks } from './asks.ts'
import { worthRetrying } from './backoff.ts'
import type { CloseInfo } from './backoff.ts'
import { validate } from './codec.ts'
import type { Schema } from './contract.ts'
import {
  cursorOf,
  isEnvelope,
  isText,
  jsonEnvelopes,
  membersOf,
  messageOf,
  objectsOf,
} from './envelope.ts'
import type { Envelope, EnvelopeCodec } from './envelope.ts'
import type { Environment } from './environment.ts'
import { ClientError, RefusedError, isCount, report } from './errors.ts'
import { guard } from './guard.ts'
import { HeldLine } from './held-line.ts'
import type { LiveOptions, TokenReason } from './live-options.ts'
import type { State } from './options.ts'
import { entryOf } from './topic-table.ts'
import { TopicSubscription } from './topic-subscription.ts'
import type {
  Cursor,
  GapReason,
  HistoryOptions,
  HistoryPage,
  Member,
  MessageOf,
  PublishOptions,
  SubscribeOptions,
  Subscription,
  TopicName,
} from './topic-words.ts'

/** A line with topics that is kept open. Made by `live`. */
export class LiveLine<Publishes, Receives> {
  /** Resolves when the line is closed for good, with the last close. Never rejects. */
  readonly closed: Promise<CloseInfo>
  /** Who this is, as the last welcome said; null: nobody in particular, or no welcome yet. */
  identity: string | null = null
  readonly #line: HeldLine
  readonly #environment: Environment
  readonly #options: LiveOptions
  readonly #encoding: EnvelopeCodec
  readonly #asks: Asks
  readonly #schemas: ReadonlyMap<string, Schema>
  readonly #subscriptions = new Map<string, TopicSubscription<unknown>>()
  /** As whom this client is present, by topic; announced again on each line. */
  readonly #presence = new Map<string, unknown>()
  readonly #watchers = new Set<() => void>()
  /** Of the present line, by what they are for. */
  readonly #timers = new Map<string, unknown>()
  #heartbeat: unknown
  /** Heartbeats since something arrived. */
  #silentTicks = 0
  /** Tokens that were refused without a welcome in between. */
  #refusedCount = 0
  readonly #keyOrigin: string
  readonly #report = (error: ClientError | RefusedError): void => report(this.#options, error)
  #keyCount = 0

  constructor(url: string, options: LiveOptions) {
    const { encoding = jsonEnvelopes, reconnect = worthRetrying } = options
    this.#options = options
    this.#schemas = new Map(Object.entries(options.topics ?? {}))
    this.#encoding = encoding
    const lineOptions = {
      ...options,
      // 4401: the token is not valid, or no longer. A fresh one may help once.
      reconnect: (close: CloseInfo, attempt: number) =>
        close.code === 4401 ? (this.#refusedCount += 1) < 2 : reconnect(close, attempt),
      onState: (...change: Parameters<NonNullable<LiveOptions['onState']>>) => {
        this.#watchers.forEach(guard)
        options.onState?.(...change)
      },
    }
    this.#line = new HeldLine(url, [encoding.protocol], lineOptions, {
      opened: () => this.#opened(),
      received: (data) => this.#received(data),
      lost: () => this.#lost(),
      ended: () => this.#ended(),
    })
    this.#environment = this.#line.environment
    const { now, random } = this.#environment
    this.#asks = new Asks(encoding, options, now)
    this.#keyOrigin = `${random()}${random()}`
    this.closed = this.#line.closed
    this.#line.start()
    if (this.state !== 'closed') this.#beat()
  }

  get state(): State {
    return this.#line.state
  }

  /** Calls `listener` after each change of `state`; returns how to stop that. */
  watch(listener: () => void): () => void {
    this.#watchers.add(listener)
    return () => this.#watchers.delete(listener)
  }

  /** While `reconnecting`: makes the next attempt now. Otherwise does nothing. */
  retry(): void {
    this.#line.retry()
  }

  /** Ends the line for good, and all that stands on it: what is not answered rejects with ERR_LINE_CLOSED. */
  close(code?: number, reason?: string): void {
    this.#line.close(code, reason)
  }

  /**
   * Subscribes, and goes on after each reconnect where it was.
   * @throws ClientError ERR_TOPIC_SUBSCRIBED, ERR_LINE_CLOSED
   */
  subscribe<Name extends TopicName<Receives>>(
    topic: Name,
    options: SubscribeOptions<MessageOf<Receives, Name>> = {},
  ): Subscription<MessageOf<Receives, Name>> {
    if (this.state === 'closed') throw new ClientError('ERR_LINE_CLOSED')
    if (this.#subscriptions.has(topic)) throw new ClientError('ERR_TOPIC_SUBSCRIBED', topic)
    const subscription = new TopicSubscription(topic, options, {
      inboxMessages: this.#options.inboxMessages ?? 1000,
      schema: entryOf(this.#schemas, topic),
      report: this.#report,
      ended: () => this.#unsubscribe(topic),
    })
    this.#subscriptions.set(topic, subscription as TopicSubscription<unknown>)
    if (options.state !== undefined) this.#presence.set(topic, options.state)
    if (options.signal?.aborted) subscription.end()
    else this.#askFor(subscription as TopicSubscription<unknown>)
    return subscription
  }

  /**
   * Publishes; resolves with the cursor once the server's broker has it (null: the topic has no history). While the line
   * is away it waits, and it is sent again on the next line if no answer came: the server takes it once. Rejects with
   * RefusedError, or ClientError ERR_BUFFER_FULL, ERR_UNANSWERED, ERR_LINE_CLOSED, ERR_MESSAGE_TOO_LARGE,
   * ERR_MESSAGE_OUT_INVALID, ERR_CONTRACT_ASYNC.
   */
  async publish<Name extends TopicName<Publishes>>(
    topic: Name,
    message: MessageOf<Publishes, Name>,
    { key, idempotencyKey }: PublishOptions = {},
  ): Promise<Cursor | null> {
    const answer = await this.#ask('published', {
      type: 'publish',
      topic,
      data: validate(entryOf(this.#schemas, topic), message, 'ERR_MESSAGE_OUT_INVALID'),
      key,
      idempotencyKey: idempotencyKey ?? `${this.#keyOrigin}.${(this.#keyCount += 1)}`,
    })
    return cursorOf(answer['cursor'])
  }

  /** Reads history, a page at a time. Rejects as `publish` does. */
  async history<Name extends TopicName<Receives>>(
    topic: Name,
    options: HistoryOptions = {},
  ): Promise<HistoryPage<MessageOf<Receives, Name>>> {
    const page = await this.#ask('history', { ...options, type: 'history', topic })
    const schema = entryOf(this.#schemas, topic)
    return {
      publications: objectsOf(page['publications']).map((one) =>
        messageOf({ ...one, topic }, schema, null),
      ),
      cursor: cursorOf(page['cursor']),
      head: cursorOf(page['head']),
      lost: (page['lost'] ?? null) as GapReason | null,
    }
  }

  /** Who is present at a topic. */
  async members(topic: string): Promise<readonly Member[]> {
    return membersOf((await this.#ask('members', { type: 'members', topic }))['members'])
  }

  /** Is present at a topic with this state, on this line and those that follow it; null: no longer. */
  async present(topic: string, state: unknown): Promise<void> {
    // Until it is answered it is asked on each line; what is refused is not said again.
    await this.#ask('done', { type: 'present', topic, state })
    if (state === null) this.#presence.delete(topic)
    else this.#presence.set(topic, state)
  }

  // The conversation

  #opened(): void {
    this.#silentTicks = 0
    this.#asks.socket = this.#line.socket
    // Else the handshake has said who this is, and the welcome comes by itself.
    if (this.#options.token) void this.#sendToken('hello')
  }

  async #sendToken(type: 'hello' | 'token'): Promise<void> {
    const { socket } = this.#line
    const isFirst = type === 'hello'
    const why: TokenReason = isFirst ? (this.#refusedCount > 0 ? 'refused' : 'connect') : 'expiring'
    try {
      const token = await this.#options.token?.(why)
      if (this.#line.socket !== socket) return
      this.#askNow({ type, token }, isFirst ? 'welcome' : 'renewed', (answer) => {
        if (isFirst) this.#welcome(answer)
        else this.#renewBefore(answer['expiresInMs'])
      })
    } catch (error) {
      this.#report(ClientError.of(error, 'ERR_TOKEN_FAILED'))
      if (isFirst && this.#line.socket === socket) this.#line.letGo('no token')
    }
  }

  #welcome({ identity, expiresInMs, maxMessageBytes }: Envelope): void {
    if (this.#asks.stands) return
    this.identity = isText(identity) ? identity : null
    this.#refusedCount = 0
    this.#asks.maxMessageBytes = isCount(maxMessageBytes) ? maxMessageBytes : Infinity
    this.#asks.stands = true
    this.#renewBefore(expiresInMs)
    // First, so that what is published comes back on them.
    this.#subscriptions.forEach((subscription) => this.#askFor(subscription))
    for (const [topic, state] of this.#presence) {
      if (!this.#subscriptions.has(topic)) this.#askNow({ type: 'present', topic, state }, 'done')
    }
    this.#asks.begin()
    this.#line.establish()
  }

  #received(data: string | ArrayBuffer): void {
    this.#silentTicks = 0
    try {
      const message = this.#encoding.decode(data)
      if (!isEnvelope(message)) throw new ClientError('ERR_ENVELOPE_INVALID')
      const { type, topic, id } = message
      const subscription = entryOf(this.#subscriptions, String(topic))
      switch (type) {
        case 'pub':
        case 'gap':
        case 'presence':
          return subscription?.[type](message)
        case 'goaway':
          return this.#leaveLater(message)
      }
      if (this.#asks.answer(message)) return
      if (type === 'error') this.#report(new RefusedError(message))
      else if (type === 'welcome' && !this.#options.token) this.#welcome(message)
      else if (type === 'unsubscribed' && id === undefined && subscription) {
        this.#finish(subscription, new RefusedError(message))
      }
    } catch (error) {
      this.#report(ClientError.of(error, 'ERR_ENVELOPE_INVALID'))
    }
  }

  #finish(subscription: TopicSubscription<unknown>, error: RefusedError | ClientError): void {
    this.#subscriptions.delete(subscription.topic)
    subscription.finish(error)
  }

  #leaveLater({ afterMs, url }: Envelope): void {
    const { moveTo = [] } = this.#options
    let target: string | undefined
    try {
      const address = socketUrl(isText(url) ? url : '', this.#line.url)
      const origins = [new URL(this.#line.url).origin, ...moveTo]
      if (origins.includes(address.origin)) target = address.href
    } catch {
      // An address that is none: this line's own will do.
    }
    this.#after('leave', afterMs, () => this.#line.leave(target))
  }

  #renewBefore(expiresInMs: unknown): void {
    if (!isCount(expiresInMs) || !this.#options.token) return
    // Not all at once where all came at once, and never in a hurry that a server could ask for.
    const waitMs = expiresInMs * (0.7 + this.#environment.random() * 0.2)
    this.#after('renew', Math.max(1000, waitMs), () => void this.#sendToken('token'))
  }

  #beat(): void {
    const { heartbeatMs = 10_000 } = this.#options
    this.#heartbeat = this.#environment.setTimeout(() => this.#beat(), heartbeatMs)
    const isStuck = this.#asks.expire()
    if (!this.#asks.stands) return
    this.#silentTicks += 1
    if (isStuck || this.#silentTicks > 2) this.#line.letGo('silent')
    else if (this.#silentTicks > 1) this.#askNow({ type: 'ping' }, 'pong')
  }

  #lost(): void {
    this.#endSession()
    this.#asks.lost()
    this.#subscriptions.forEach((subscription) => subscription.lost())
  }

  #ended(): number {
    this.#endSession()
    this.#environment.clearTimeout(this.#heartbeat)
    const unsentCount = this.#asks.end()
    this.#subscriptions.forEach((subscription) =>
      this.#finish(subscription, new ClientError('ERR_LINE_CLOSED')),
    )
    return unsentCount
  }

  // What is asked

  /** What is answered in the end, over as many lines as it takes. */
  #ask(answerType: string, envelope: Envelope): Promise<Envelope> {
    return new Promise((resolve, reject) => {
      if (this.state === 'closed') throw new ClientError('ERR_LINE_CLOSED')
      this.#asks.ask(envelope, answerType, true, resolve, reject)
    })
  }

  /** What only makes sense on this line. */
  #askNow(
    envelope: Envelope,
    answerType: string,
    resolve: (answer: Envelope) => void = () => {},
    reject: (error: RefusedError | ClientError) => void = this.#report,
  ): void {
    this.#asks.ask(envelope, answerType, false, resolve, reject)
  }

  #askFor(subscription: TopicSubscription<unknown>): void {
    const { topic } = subscription
    // It may have ended meanwhile, and another may be there.
    const isHeld = (): boolean => this.#subscriptions.get(topic) === subscription
    if (!this.#asks.stands || !isHeld()) return
    this.#askNow(
      subscription.request(this.#presence.get(topic)),
      'subscribed',
      (answer) => isHeld() && subscription.subscribed(answer),
      (error) => isHeld() && this.#refused(subscription, error),
    )
  }

  #refused(subscription: TopicSubscription<unknown>, error: RefusedError | ClientError): void {
    const { topic } = subscription
    const { code, retryAfterMs } = error as RefusedError
    if (code.startsWith('ERR_CURSOR') && subscription.forgetCursor()) this.#askFor(subscription)
    // It will pass, as where the broker is away: nobody is helped by a subscription that gives up.
    else if (retryAfterMs !== undefined) {
      this.#after(`topic ${topic}`, Math.max(retryAfterMs, 1000), () => this.#askFor(subscription))
    } else this.#finish(subscription, error)
  }

  #unsubscribe(topic: string): void {
    this.#subscriptions.delete(topic)
    this.#presence.delete(topic)
    if (this.#asks.stands) this.#askNow({ type: 'unsubscribe', topic }, 'unsubscribed')
  }

  /** A timer of this line; another for the same thing replaces it. What a server asks for is taken within reason. */
  #after(what: string, delayMs: unknown, callback: () => void): void {
    this.#environment.clearTimeout(this.#timers.get(what))
    // The platforms count a timer's milliseconds in 31 bits.
    const longestTimerMs = 2_147_483_647
    const ms = Math.min(longestTimerMs, Number(delayMs) || 0)
    this.#timers.set(what, this.#environment.setTimeout(callback, ms))
  }

  #endSession(): void {
    this.#timers.forEach((timer) => this.#environment.clearTimeout(timer))
    this.#timers.clear()
  }
}
