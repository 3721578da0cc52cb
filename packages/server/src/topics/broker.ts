// What a broker is: it carries publications between the processes that serve the same topics, and keeps the history
// of those topics that have one. The suite in testing/broker-contract.ts has a case for each MUST and MUST NOT.

import type { Cursor, LostReason, Publication, PublishedMessage } from '../connection/topic-hub.ts'

export type { Cursor, LostReason, Publication, PublishedMessage }

/** What a topic keeps. The oldest goes first, as soon as one of the three is passed; the newest always stays. */
export interface Retention {
  /** Publications, from 1. */
  readonly count: number
  /** Bytes of messages, from 1; a broker may count its own overhead too. */
  readonly bytes: number
  /** Milliseconds, from 1. */
  readonly ageMs: number
}

export interface AppendOptions {
  readonly key: string | null
  readonly idempotencyKey: string | null
  readonly retention: Retention
}

export interface ReadLimit {
  /** Most publications, from 1. */
  readonly count: number
  /** Most bytes of messages; one publication is given whatever its length. */
  readonly bytes: number
}

export type ReadResult =
  | {
      readonly lost: null
      /** Those behind the cursor, in order, none left out; [] at the head only. */
      readonly publications: readonly Publication[]
      readonly head: Cursor
    }
  | {
      /** What came behind the cursor is not all there. */
      readonly lost: LostReason
      readonly head: Cursor
      /** Behind this one everything is there: where to begin with what is kept. */
      readonly start: Cursor
    }

/** What a broker tells a process. Bytes are the receiver's to keep where `Publication` has them. */
export interface BrokerSink {
  /** A publication of a topic without history. The bytes are borrowed until it returns. */
  deliver(topic: string, message: PublishedMessage): void
  /**
   * A publication of a topic with history. A broker SHOULD give each once, in order; whoever takes them relies on
   * `previous` alone: duplicates and reordering are put right, and what is missing is read.
   */
  appended(topic: string, epoch: string, publication: Publication): void
  /** From now on publications may be missed, because the broker is away. Told once for each time. */
  interrupted(error: Error): void
  /** The broker is back. What attached topics with history have missed is read by whoever is told; of others there is a gap. */
  restored(): void
  /** That process, by its `processName`, has ended and says nothing more. Told where a broker knows; leases find out elsewhere. */
  processGone(processName: string): void
}

/**
 * Topics of two kinds, told apart by whoever calls: without history (`publish`, `deliver`), and with (`append`,
 * `appended`, `read`).
 *
 * - Without history: a broker MUST call `deliver` exactly once for each publication in each process that is started and
 *   attached, the publishing one included, as long as it is not `interrupted`; and never more than once.
 * - It MUST keep the order of the publications of one process on one topic, everywhere.
 * - With history: `append` MUST resolve only when the broker has the publication, with its cursor, and MUST reject where it may
 *   not have it (ERR_BROKER_AWAY: it has not; ERR_BROKER_UNCONFIRMED: it may have, so try again with an idempotency key).
 *   It MUST NOT drop one in silence.
 * - All processes MUST see the same publications with the same offsets in one epoch; offsets rise; `previous` is true.
 * - A second `append` with the same idempotency key on the same topic, from any process, within two minutes MUST
 *   resolve with the first one's cursor and add nothing.
 * - `read` MUST give exactly what came behind the cursor, or say why not. It MUST be served where the publication at the
 *   cursor is still kept, or the cursor is that of the start of the epoch and nothing was trimmed.
 * - When history is lost or begun anew, the epoch MUST be another one.
 * - After `attach` has resolved with the head, everything behind it MUST come (`appended`), or `interrupted` is told.
 *   `attach` of what is attached is allowed. Publications of topics that are not attached need not come.
 * - While the broker is away, `publish` and `append` MUST reject within five seconds, and memory MUST stay bounded. When it
 *   is back, a broker MUST go on by itself within five seconds, and say `restored`.
 * - It MUST NOT call the sink after `stop` has been called, nor before `start`. `stop` MUST hand over what was published.
 * - It MUST NOT keep bytes that `publish` or `append` was given after they return, and MUST NOT look into messages.
 */
export interface Broker {
  readonly name: string
  /** Names this process among all that the broker connects; never used again. */
  readonly processName: string
  /** Whether `attach` takes patterns: `news.*` for one more part, `news.**` for any number of more parts. */
  readonly hasPatterns: boolean
  /** Resolves when publications pass. Rejects with ERR_BROKER_START. */
  start(sink: BrokerSink): Promise<void>
  /** Resolves when the broker has the publication: for `memory` at once, else when every other process was sent it. */
  publish(topic: string, message: PublishedMessage): Promise<void>
  append(topic: string, message: PublishedMessage, options: AppendOptions): Promise<Cursor>
  /**
   * This process wants the publications of the topic. `retention` is null for one without history, and for a pattern;
   * then the answer is null.
   */
  attach(topic: string, retention: Retention | null): Promise<Cursor | null>
  detach(topic: string): void
  /** `after: 'start'`: from the first that is kept, which is never lost. */
  read(
    topic: string,
    after: Cursor | 'start',
    limit: ReadLimit,
    retention: Retention,
  ): Promise<ReadResult>
  /** Resolves when what was published has been handed over, or given up after a second. */
  stop(): Promise<void>
}
