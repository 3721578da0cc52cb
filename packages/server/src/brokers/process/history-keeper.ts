// What the process broker needs of the topics with history: where they are kept is not its affair.

import type {
  AppendOptions,
  BrokerSink,
  Cursor,
  PublishedMessage,
  ReadLimit,
  ReadResult,
  Retention,
} from '../../topics/broker.ts'

/** As the broker's methods of the same names. */
export interface HistoryKeeper {
  start(sink: BrokerSink): void
  append(topic: string, message: PublishedMessage, options: AppendOptions): Promise<Cursor>
  attach(topic: string, retention: Retention | null): Promise<Cursor | null>
  detach(topic: string): void
  read(
    topic: string,
    after: Cursor | 'start',
    limit: ReadLimit,
    retention: Retention,
  ): Promise<ReadResult>
  /** Tells nothing more. Resolves when what was asked is answered, or given up. */
  stop(): Promise<void>
}
