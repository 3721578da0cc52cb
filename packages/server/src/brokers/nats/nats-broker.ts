// The broker for many machines over NATS: core NATS for fan-out, JetStream for histories. Owns who is attached; how the
// connection is kept is in nats-link.ts, histories are in nats-histories.ts.

import { randomBytes } from 'node:crypto'
import type { Msg, Subscription } from '@nats-io/transport-node'
import { HoldlineError } from '../../protocol/errors.ts'
import type {
  AppendOptions,
  Broker,
  BrokerSink,
  Cursor,
  PublishedMessage,
  ReadLimit,
  ReadResult,
  Retention,
} from '../../topics/broker.ts'
import { NatsHistories } from './nats-histories.ts'
import { messageOf as textOf, NatsLink, unconfirmed } from './nats-link.ts'
import { fromOf, headersOf, liveOf, messageOf, payloadOf, setPlain } from './nats-message.ts'
import { NatsNames } from './nats-names.ts'
import type { NatsOptions } from './nats-options.ts'

/** Publishers of one topic whose last number is remembered, where two subscriptions bring it. */
const MAX_PUBLISHERS = 10_000
const STOP_MS = 1_000

export class NatsBroker implements Broker {
  readonly name = 'nats'
  readonly hasPatterns = true
  readonly processName: string = randomBytes(9).toString('base64url')
  readonly #options: NatsOptions
  readonly #names: NatsNames
  readonly #subscriptions = new Map<string, Subscription[]>()
  /** Topics of them for which the server has answered. */
  readonly #attached = new Set<string>()
  /** What was said to those who attach right now. */
  readonly #denied = new Map<string, Error>()
  /** `<topic> <process>` → the last number that was told. Only in use while there are patterns. */
  readonly #told = new Map<string, number>()
  #patternCount = 0
  #link: NatsLink | null = null
  #histories: NatsHistories | null = null
  #sink: BrokerSink | null = null
  #stopping: Promise<void> | null = null
  #published = 0

  /** @throws HoldlineError ERR_OPTION_INVALID */
  constructor(options: NatsOptions = {}) {
    checkOptions(options)
    this.#options = options
    this.#names = new NatsNames(options.prefix ?? 'holdline')
  }

  async start(sink: BrokerSink): Promise<void> {
    const link = await NatsLink.open(this.#options, {
      interrupted: (error) => this.#sink?.interrupted(error),
      restored: () => this.#sink?.restored(),
    })
    this.#link = link
    try {
      if (this.#options.jetstream !== false) {
        this.#histories = await NatsHistories.open(link, this.#names, this.#options)
      }
    } catch (error) {
      await link.stop()
      this.#link = null
      throw error
    }
    this.#sink = sink
  }

  publish(topic: string, message: PublishedMessage): Promise<void> {
    const link = this.#link
    if (this.#sink === null || link === null) return refused(topic)
    const from = `${this.processName} ${++this.#published}`
    try {
      const headers = setPlain(link.newHeaders(), message, from)
      const subject = this.#names.plain(topic)
      return link.publish(subject, payloadOf(message), headers).catch(refuse)
    } catch (error) {
      return Promise.reject(refusal(error))
    }
  }

  async append(topic: string, message: PublishedMessage, options: AppendOptions): Promise<Cursor> {
    return this.#kept(topic).append(topic, message, options)
  }

  async attach(topic: string, retention: Retention | null): Promise<Cursor | null> {
    const link = this.#link
    if (this.#sink === null || link === null) return refused(topic)
    const histories = retention === null ? null : this.#kept(topic)
    if (!this.#subscriptions.has(topic)) this.#subscribe(link, topic, retention)
    // Whoever asks for the head afterwards asks on the same connection, so nothing falls in between.
    await link.flush()
    const denied = this.#denied.get(topic)
    if (denied !== undefined) {
      this.#denied.delete(topic)
      throw refusal(denied)
    }
    this.#attached.add(topic)
    return histories === null ? null : histories.head(topic, retention!)
  }

  detach(topic: string): void {
    const subscriptions = this.#subscriptions.get(topic)
    if (subscriptions === undefined) return
    this.#subscriptions.delete(topic)
    this.#attached.delete(topic)
    for (const subscription of subscriptions) subscription.unsubscribe()
    if (subscriptions.length > 1 && --this.#patternCount === 0) this.#told.clear()
  }

  async read(
    topic: string,
    after: Cursor | 'start',
    limit: ReadLimit,
    retention: Retention,
  ): Promise<ReadResult> {
    const histories = this.#kept(topic)
    try {
      return await histories.read(topic, after, limit, retention)
    } catch (error) {
      throw unconfirmed(error)
    }
  }

  stop(): Promise<void> {
    this.#sink = null
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    const link = this.#link
    if (link === null) return
    const giveUpAt = performance.now() + STOP_MS
    while (!link.isIdle && performance.now() < giveUpAt) {
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    for (const topic of this.#subscriptions.keys()) this.detach(topic)
    await link.stop()
  }

  #kept(topic: string): NatsHistories {
    if (this.#sink === null) throw new HoldlineError('ERR_BROKER_STOPPED', topic)
    if (this.#histories === null) {
      throw new HoldlineError('ERR_BROKER_REFUSED', `${topic} has a history: jetstream is false`)
    }
    return this.#histories
  }

  #subscribe({ connection }: NatsLink, topic: string, retention: Retention | null): void {
    const plain = this.#names.plain(topic)
    const live = this.#names.live(topic)
    const isPattern = /(\.|^)(\*|>)(\.|$)/.test(plain)
    const listen = (subject: string, take: (message: Msg) => void): Subscription =>
      connection.subscribe(subject, {
        callback: (error, message) => {
          if (error === null) take(message)
          else this.#refused(topic, error)
        },
      })
    const subscriptions: Subscription[] = []
    if (isPattern) {
      this.#patternCount++
      subscriptions.push(
        listen(plain, (message) => {
          const name = this.#names.ofPlain(message.subject)
          if (!name.startsWith('$')) this.#deliver(name, message)
        }),
        listen(live, (message) => {
          const name = this.#names.ofLive(message.subject)
          if (!name.startsWith('$')) this.#appended(name, message)
        }),
      )
    } else if (retention === null) {
      subscriptions.push(listen(plain, (message) => this.#deliver(topic, message)))
    } else {
      subscriptions.push(listen(live, (message) => this.#appended(topic, message)))
    }
    this.#subscriptions.set(topic, subscriptions)
  }

  #deliver(topic: string, message: Msg): void {
    const headers = headersOf(message)
    if (this.#patternCount > 0 && this.#wasTold(topic, headers)) return
    this.#sink?.deliver(topic, messageOf(message.data, headers))
  }

  /**
   * A name and patterns that match it each bring a publication; what one process published on a topic comes in order
   * by each, so the first that brings a number is told.
   */
  #wasTold(topic: string, headers: Msg['headers']): boolean {
    const from = fromOf(headers)
    if (from === null) return false
    const who = `${from.process} ${topic}`
    if (from.number <= (this.#told.get(who) ?? 0)) return true
    // Again at the end: the first is the one that has been silent longest.
    this.#told.delete(who)
    this.#told.set(who, from.number)
    if (this.#told.size > MAX_PUBLISHERS) this.#told.delete(this.#told.keys().next().value!)
    return false
  }

  #appended(topic: string, message: Msg): void {
    const live = liveOf(message)
    if (live === null) return
    this.#sink?.appended(topic, NatsNames.epochOf(live.stream), live.publication)
  }

  /** The account may not subscribe to the topic: whoever attaches is told; else its rights were taken away since. */
  #refused(topic: string, error: Error): void {
    const wasAttached = this.#attached.has(topic)
    this.detach(topic)
    if (wasAttached) this.#sink?.interrupted(refusal(error))
    else this.#denied.set(topic, error)
  }
}

function checkOptions({ backlogBytes = 1, replicas = 1, storage = 'file' }: NatsOptions): void {
  const invalid = (what: string): never => {
    throw new HoldlineError('ERR_OPTION_INVALID', `nats: ${what}`)
  }
  if (!Number.isInteger(backlogBytes) || backlogBytes < 1) invalid('backlogBytes is no byte count')
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > 5) invalid('replicas is not 1 to 5')
  if (storage !== 'file' && storage !== 'memory') invalid("storage is 'file' or 'memory'")
}

function refusal(error: unknown): HoldlineError {
  if (error instanceof HoldlineError) return error
  return new HoldlineError('ERR_BROKER_REFUSED', `NATS: ${textOf(error)}`, { cause: error })
}

function refuse(error: unknown): never {
  throw refusal(error)
}

function refused(topic: string): Promise<never> {
  return Promise.reject(new HoldlineError('ERR_BROKER_STOPPED', topic))
}
