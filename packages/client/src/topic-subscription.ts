// One subscription: its cursor, what it drops, what it tells the program. Knows the words of the line protocol, not the
// line: who holds it calls it with what arrives.

import type { Schema } from './contract.ts'
import { cursorOf, isText, membersOf, messageOf } from './envelope.ts'
import type { Envelope } from './envelope.ts'
import { ClientError, isCount } from './errors.ts'
import type { RefusedError } from './errors.ts'
import { guard } from './guard.ts'
import { Inbox } from './inbox.ts'
import type {
  Cursor,
  Gap,
  GapReason,
  Member,
  SubscribeOptions,
  Subscription,
  SubscriptionState,
  TopicMessage,
} from './topic-words.ts'

/** What a subscription asks of the line that holds it. */
export interface Holder {
  readonly inboxMessages: number
  readonly schema: Schema | undefined
  readonly report: (error: ClientError) => void
  /** The program ended it: the server is to be told, and it is to be forgotten. */
  readonly ended: () => void
}

export class TopicSubscription<Data> implements Subscription<Data> {
  readonly #settleReady: PromiseWithResolvers<void> = Promise.withResolvers()
  readonly topic: string
  readonly ready: Promise<void> = this.#settleReady.promise
  state: SubscriptionState = 'subscribing'
  cursor: Cursor | null = null
  recovered = false
  members: Map<string, Member> = new Map()
  error: RefusedError | ClientError | null = null

  readonly #options: SubscribeOptions<Data>
  readonly #holder: Holder
  #inbox: Inbox<TopicMessage<Data>> | undefined
  /** Whether it was subscribed before: then there is something to lose. */
  #wasSubscribed = false
  #start: 'start' | undefined
  /** Told to the program, and not yet with a message. */
  #gap: Gap | null = null
  readonly #abort = (): void => this.end()

  constructor(topic: string, options: SubscribeOptions<Data>, holder: Holder) {
    this.topic = topic
    this.#options = options
    this.#holder = holder
    // Who does not wait for it is told by `onState` and by readers.
    this.ready.catch(() => {})
    const { since = null } = options
    if (since === 'start') this.#start = since
    else this.cursor = since
    if (!options.onMessage) this.#openInbox()
    options.signal?.addEventListener('abort', this.#abort)
  }

  end(): void {
    if (this.state === 'ended') return
    this.finish(null)
    this.#holder.ended()
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<TopicMessage<Data>, undefined> {
    return this.#openInbox().read(() => {
      if (this.#options.onMessage) this.#inbox = undefined
    })
  }

  // What the line says

  /** What to ask the server for. */
  request(state: unknown): Envelope {
    const { overflow, presence } = this.#options
    const since = this.cursor ?? this.#start
    return { type: 'subscribe', topic: this.topic, since, overflow, presence, state }
  }

  subscribed({ cursor, recovered, reason, members }: Envelope): void {
    const asked = this.cursor
    const given = cursorOf(cursor)
    this.cursor = given
    this.recovered = recovered === true
    // What was missed comes behind the cursor that was asked for.
    if (this.recovered && asked && given) this.cursor = { ...asked, ...given, offset: asked.offset }
    else if (asked || this.#wasSubscribed) this.#tellGap(asked, given, null, reason ?? 'away')
    this.#wasSubscribed = true
    this.#start = undefined
    if (this.#options.presence) {
      this.members = new Map()
      this.presence({ joined: members })
    }
    this.#settleReady.resolve()
    this.#enter('subscribed')
  }

  /** It cannot go on behind its cursor: it begins anew, and says so. */
  forgetCursor(): boolean {
    const { cursor } = this
    if (!cursor) return false
    this.cursor = null
    this.#wasSubscribed = false
    this.#tellGap(cursor, null, null, 'epoch')
    return true
  }

  lost(): void {
    this.recovered = false
    if (this.state === 'subscribed') this.#enter('subscribing')
  }

  pub(message: Envelope): void {
    if (this.state !== 'subscribed') return
    const { offset } = message
    if (this.cursor) {
      if (!isCount(offset)) throw new ClientError('ERR_ENVELOPE_INVALID', 'offset')
      if (offset <= this.cursor.offset) return
      this.cursor = { ...this.cursor, offset }
    }
    const told = messageOf<Data>(message, this.#holder.schema, this.#gap)
    this.#gap = null
    const { onMessage } = this.#options
    if (onMessage) guard(() => onMessage(told))
    this.#inbox?.push(told)
  }

  gap({ to, epoch, count, reason, proof }: Envelope): void {
    if (this.state !== 'subscribed') return
    const from = this.cursor
    if (from) {
      const isSameEpoch = !isText(epoch) || epoch === from.epoch
      // A gap that ends before what arrived is none.
      if (isSameEpoch && isCount(to) && to <= from.offset) return
      const offset = isCount(to) ? to : isSameEpoch ? from.offset : 0
      // The proof is the same for all epochs of a topic, unless the server gives another.
      this.cursor = {
        ...from,
        offset,
        ...(!isSameEpoch && { epoch }),
        ...(isText(proof) && { proof }),
      }
    }
    this.#tellGap(from, this.cursor, isCount(count) ? count : null, reason)
  }

  presence({ joined, left, changed }: Readonly<Record<string, unknown>>): void {
    const change = { joined: membersOf(joined), left: membersOf(left), changed: membersOf(changed) }
    for (const one of [...change.joined, ...change.changed]) this.members.set(one.member, one)
    for (const { member } of change.left) this.members.delete(member)
    guard(() => this.#options.onPresence?.(this.members, change))
  }

  /** Ends it, without a word to the server. */
  finish(error: RefusedError | ClientError | null): void {
    if (this.state === 'ended') return
    this.error = error
    this.#options.signal?.removeEventListener('abort', this.#abort)
    this.#inbox?.end(error)
    if (error) this.#settleReady.reject(error)
    this.#settleReady.resolve()
    this.#enter('ended')
  }

  #tellGap(from: Cursor | null, to: Cursor | null, count: number | null, why: unknown): void {
    const gap: Gap = { topic: this.topic, from, to, count, reason: String(why) as GapReason }
    const before = this.#gap
    const isCounted = before && before.count !== null && count !== null
    const sum = isCounted ? before.count + count : null
    this.#gap = before ? { ...gap, from: before.from, count: sum } : gap
    guard(() => this.#options.onGap?.(gap))
  }

  #openInbox(): Inbox<TopicMessage<Data>> {
    if (!this.#inbox) {
      const { inboxMessages, report } = this.#holder
      this.#inbox = new Inbox(inboxMessages, report)
      if (this.state === 'ended') this.#inbox.end(this.error)
    }
    return this.#inbox
  }

  #enter(state: SubscriptionState): void {
    this.state = state
    guard(() => this.#options.onState?.(state, this))
  }
}
