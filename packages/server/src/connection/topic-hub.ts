// What a connection and the models need of the topics: the words of topics, and what can be asked of them. The topics
// layer implements it.

import type { HeldConnection } from './held-connection.ts'
import type { PresenceHub } from './presence-hub.ts'
import type { Piece } from './slab.ts'

/** A message as it is published: text as a string, bytes as Uint8Array. */
export type PublishedMessage = string | Uint8Array

/**
 * A place in a topic: behind the publication with this offset (0: before the first). Offsets rise within an epoch; they
 * need not be consecutive. The epoch changes when the history of the topic is lost or begun anew.
 */
export interface Cursor {
  /** 1 to 64 characters of A–Z, a–z, 0–9, `-`, `_`. */
  readonly epoch: string
  /** A whole number up to 2^53 − 1. */
  readonly offset: number
}

/** A message as a topic with history has it. */
export interface Publication {
  readonly offset: number
  /** Offset of the publication before this one in the topic's epoch; 0 for the first. Whoever has that one missed none. */
  readonly previous: number
  readonly message: PublishedMessage
  /** What `conflate` goes by; null: publications without a key replace one another. */
  readonly key: string | null
  /** When the broker took it, by the broker's clock: milliseconds since 1970. */
  readonly timeMs: number
}

/**
 * Why what came after a cursor cannot be had in full.
 * - `epoch`: the topic's history was lost or begun anew since
 * - `trimmed`: more was published since than is kept (count or bytes)
 * - `expired`: what was missed is older than the topic keeps
 * - `future`: the topic has not come so far
 */
export type LostReason = 'epoch' | 'trimmed' | 'expired' | 'future'

/**
 * What happens when a subscriber reads slower than is published, beyond `lagBytes`.
 * - `block`: who publishes waits, at most `blockMs`; then `disconnect`
 * - `dropOldest`: it skips to what is within the bound; told of the gap
 * - `dropNewest`: it is sent what it has not read, and then goes on at the head; told of the gap
 * - `conflate`: of each key it is sent the latest only; nothing that is the latest is lost
 * - `replay`: it leaves the live stream, catches up from history at its own pace, and joins again without a gap or a
 *   duplicate; if history was trimmed past it, it is told of the gap
 * - `disconnect`: closed with 1013; it can resume with its cursor
 */
export type Overflow = 'block' | 'dropOldest' | 'dropNewest' | 'conflate' | 'replay' | 'disconnect'

/** Publications of a topic that this subscriber was not sent and will not be. */
export interface Gap {
  readonly topic: string
  /** The last publication before the gap that it was sent, or was skipped to: null where there is no offset. */
  readonly from: Cursor | null
  /** The last publication in the gap; what follows comes after it. */
  readonly to: Cursor | null
  /** How many, where that is known. */
  readonly count: number | null
  /** `overflow`: it read too slowly. `broker`: the broker was away, and the topic has no history. */
  readonly reason: LostReason | 'overflow' | 'broker'
}

/**
 * How publications of a topic are put into messages for some of its subscribers. One log is kept for each format that
 * is in use, however many subscribers it has; formats are told apart by their identity, so they are constants.
 */
export interface PublicationFormat {
  readonly name: string
  /** Called once for each publication, whatever the number of subscribers. */
  encode(topic: string, publication: Publication): PublishedMessage
  /** A message that tells of a gap, sent in its place in the stream. null: it is not told there. */
  gap(gap: Gap): PublishedMessage | null
}

export interface SubscribeOptions {
  /** Resume behind this cursor, or `'start'`: with all that is kept. Default: what is published from now on. */
  readonly since?: Cursor | 'start'
  /** Default: what the topic's options say. */
  readonly overflow?: Overflow
  /** How far the subscriber may lag, in bytes as they are sent, before `overflow` has its say. Default: the topic's. */
  readonly lagBytes?: number
  /** Default: the message as it was published. */
  readonly format?: PublicationFormat
  /** Told of each gap, in this process; besides what the format says on the line. */
  readonly onGap?: (gap: Gap) => void
}

/** Where a subscription begins. */
export interface Subscribed {
  readonly topic: string
  /** What follows comes after it. With `recovered: true` that is the cursor that was asked for. null: no history. */
  readonly cursor: Cursor | null
  /** Whether `since` was given and everything after it follows: exactly what was missed, in order, once. */
  readonly recovered: boolean
  /** Why not, where `since` was given and cannot be served. */
  readonly reason: LostReason | null
}

export interface PublishOptions {
  /** What `conflate` goes by. At most 255 bytes of UTF-8. */
  readonly key?: string
  /** A retry with the same key, within the topic's window, is answered with the first one's cursor. At most 128 bytes. */
  readonly idempotencyKey?: string
}

export interface HistoryPage {
  readonly publications: readonly Publication[]
  /** Behind the last one of this page. */
  readonly cursor: Cursor
  /** Behind the last one that the topic has. */
  readonly head: Cursor
  /** Set where `after` could not be served; then the page begins with the first that is kept. */
  readonly lost: LostReason | null
}

export interface HistoryOptions {
  /** Default: from the first that is kept. */
  readonly after?: Cursor
  /** Most publications of the page, from 1. Default 100. */
  readonly limit?: number
}

/** What Holdline tells its own processes: its names begin with `$`, and it is no program's to read or write. */
export type OwnTopics = Pick<TopicHub, 'publish' | 'history' | 'listen'>

/** Every name that begins with `$` is refused with ERR_TOPIC_NAME, but by `own`. */
export interface TopicHub {
  /** Who is present; undefined where no server stands behind the hub. */
  readonly presence?: PresenceHub | undefined
  /** The way to Holdline's own topics; undefined where no server stands behind the hub. */
  readonly own?: OwnTopics | undefined
  /**
   * Subscribes the connection; twice is once, with the first one's options. Nothing is sent for the subscription before the promise has resolved
   * and its reactions have run, so an answer that is sent then goes before the first publication.
   *
   * @throws HoldlineError ERR_TOPIC_NAME; rejects with ERR_TOPIC_UNKNOWN, ERR_CURSOR_INVALID or what the broker says; nothing is subscribed then.
   */
  subscribe(
    connection: HeldConnection,
    topic: string,
    options?: SubscribeOptions,
  ): Promise<Subscribed>
  unsubscribe(connection: HeldConnection, topic: string): void
  /** The connection is gone: forget all its subscriptions. */
  leave(connection: HeldConnection): void
  /**
   * Publishes; resolves when the broker has it, with its cursor, or null for a topic without history.
   *
   * @throws HoldlineError ERR_TOPIC_NAME; rejects with what the broker says (ERR_BROKER_…), ERR_SERVER_CLOSED
   */
  publish(
    topic: string,
    message: PublishedMessage,
    options?: PublishOptions,
  ): Promise<Cursor | null>
  /** Reads history. Rejects with ERR_TOPIC_UNKNOWN for a topic without history. */
  history(topic: string, options?: HistoryOptions): Promise<HistoryPage>
  /** Calls `listener` for every publication of the topic in this process; returns how to stop that. */
  listen(
    topic: string,
    listener: (message: PublishedMessage, publication: Publication | null) => void,
  ): () => void
  /**
   * Takes what the topics of this connection have for it since the last call, as pieces of whole frames that
   * stay unchanged, appended to `pieces`. Returns their bytes.
   */
  take(connection: HeldConnection, pieces: Piece[]): number
  /** Bytes that the topics of this connection have for it. */
  lagBytes(connection: HeldConnection): number
}
