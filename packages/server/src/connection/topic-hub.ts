// What a connection needs of the topics. The topics layer implements it.

import type { HeldConnection } from './held-connection.ts'
import type { Piece } from './slab.ts'

export interface TopicHub {
  subscribe(connection: HeldConnection, topic: string): void
  unsubscribe(connection: HeldConnection, topic: string): void
  /** The connection is gone: forget all its subscriptions. */
  leave(connection: HeldConnection): void
  /**
   * Takes what the topics of this connection have for it since the last call, as pieces of whole frames that
   * stay unchanged, appended to `pieces`. Returns their bytes.
   */
  take(connection: HeldConnection, pieces: Piece[]): number
  /** Bytes that the topics of this connection have for it. */
  lagBytes(connection: HeldConnection): number
}
