// The words of topics as a program meets them. No behaviour.

import type { ClientError, RefusedError } from './errors.ts'
import type { Inbox } from './inbox.ts'
import type { InputOf, OutputOf, Schema } from './contract.ts'

/** A place in a topic with history, behind the publication with this offset. Plain data: it can be stored. */
export interface Cursor {
  readonly epoch: string
  readonly offset: number
  /** Says whose cursor it is; the server gives it, and takes none of another identity. */
  readonly proof?: string
}

/**
 * Why publications are missing.
 * - `away`: the line was away, and the topic has no history
 * - `overflow`: this client read too slowly
 * - `trimmed`, `expired`, `epoch`, `future`: history no longer has them, or never had
 * - `broker`: the server was cut off, and the topic has no history
 */
export type GapReason = 'away' | 'overflow' | 'trimmed' | 'expired' | 'epoch' | 'future' | 'broker'

/** Publications that this subscription did not get and will not. */
export interface Gap {
  readonly topic: string
  /** Behind the last one before the gap; null: not known, or a topic without history. */
  readonly from: Cursor | null
  /** Behind the last one of the gap. */
  readonly to: Cursor | null
  readonly count: number | null
  readonly reason: GapReason
}

/** One publication. */
export interface TopicMessage<Data> {
  /** The name, also where the subscription is one to a pattern. */
  readonly topic: string
  readonly data: Data
  /** null: the topic has no history. */
  readonly offset: number | null
  readonly key: string | null
  /** What is missing between the message before and this one; almost always null. */
  readonly gap: Gap | null
}

/** Someone who is present at a topic. */
export interface Member {
  readonly member: string
  readonly identity?: string | null
  /** Not there for who left. */
  readonly state?: unknown
}

export interface PresenceChange {
  readonly joined: readonly Member[]
  readonly left: readonly Member[]
  readonly changed: readonly Member[]
}

export type Overflow = 'block' | 'dropOldest' | 'dropNewest' | 'conflate' | 'replay' | 'disconnect'

/**
 * - `subscribing`: asked, or the line is away; it goes on by itself
 * - `subscribed`: publications arrive
 * - `ended`: by `end()`, its signal, the end of the line, or a refusal
 */
export type SubscriptionState = 'subscribing' | 'subscribed' | 'ended'

export interface SubscribeOptions<Data = unknown> {
  /** Go on behind this cursor, or `start`: with all that is kept. Default: what is published from now on. */
  readonly since?: Cursor | 'start'
  /** What the server does when this client reads too slowly. Default: what the topic's options say there. */
  readonly overflow?: Overflow
  /** Follow who is present. */
  readonly presence?: boolean
  /** Be present, with this state (any JSON). `present` changes it. */
  readonly state?: unknown
  /** Called for each publication, in order. Without it they wait for a reader (`for await`). */
  readonly onMessage?: (message: TopicMessage<Data>) => void
  /** Told of each gap as it is known; the message behind it has it too. */
  readonly onGap?: (gap: Gap) => void
  readonly onPresence?: (members: ReadonlyMap<string, Member>, change: PresenceChange) => void
  readonly onState?: (state: SubscriptionState, subscription: Subscription<Data>) => void
  /** Ends the subscription when it aborts. */
  readonly signal?: AbortSignal
}

export interface Subscription<Data> extends AsyncIterable<TopicMessage<Data>> {
  readonly topic: string
  readonly state: SubscriptionState
  /** Behind the last message that arrived; with it a later subscription goes on here. null: no history, or not yet. */
  readonly cursor: Cursor | null
  /** Whether the last (re)subscription goes on without a gap. */
  readonly recovered: boolean
  /** Who is present, by member; empty without `presence`. */
  readonly members: ReadonlyMap<string, Member>
  /** Resolves when it is subscribed for the first time; rejects with what ended it before. */
  readonly ready: Promise<void>
  /** What ended it, if something did. */
  readonly error: RefusedError | ClientError | null
  end(): void
  [Symbol.asyncIterator](): ReturnType<Inbox<TopicMessage<Data>>['read']>
}

export interface PublishOptions {
  /** What `conflate` goes by. */
  readonly key?: string
  /** Default: one of the line's own making, so that a retry after a reconnect is harmless. */
  readonly idempotencyKey?: string
}

export interface HistoryOptions {
  /** Default: from the first that is kept. */
  readonly after?: Cursor
  readonly limit?: number
}

export interface HistoryPage<Data> {
  readonly publications: readonly TopicMessage<Data>[]
  /** Behind the last one of this page: the next page begins there. */
  readonly cursor: Cursor | null
  /** Behind the last one that the topic has. */
  readonly head: Cursor | null
  /** Why the page does not begin right behind `after`, if so. */
  readonly lost: GapReason | null
}

/** A schema for each topic. A key is a name or a pattern: `*` is one part of a name, a last `**` one or more. */
export type TopicSchemas = Readonly<Record<string, Schema>>
export type PublishedTypes<Schemas extends TopicSchemas> = {
  [Key in keyof Schemas]: InputOf<Schemas[Key]>
}
export type ReceivedTypes<Schemas extends TopicSchemas> = {
  [Key in keyof Schemas]: OutputOf<Schemas[Key]>
}

type Named<Key> = Key extends `${infer Head}**`
  ? `${Head}${string}`
  : Key extends `${infer Head}*${infer Tail}`
    ? `${Head}${string}${Named<Tail>}`
    : Key

/** Names that the types of `Topics` cover. */
export type TopicName<Topics> = Named<keyof Topics & string> & string

/** The message of a topic: of its name, or of the patterns that it fits. */
export type MessageOf<Topics, Name> = Name extends keyof Topics
  ? Topics[Name]
  : { [Key in keyof Topics]: Name extends Named<Key> ? Topics[Key] : never }[keyof Topics]
