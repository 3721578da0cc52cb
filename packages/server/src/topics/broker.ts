// What a broker is: it carries publications between the processes that serve the same topics.

/** A message as it is published: text as a string, bytes as Uint8Array. */
export type PublishedMessage = string | Uint8Array

/** Takes a publication into the topics of this process. The bytes are copied before it returns. */
export type Deliver = (topic: string, message: PublishedMessage) => void

/**
 * - A broker MUST call `deliver` exactly once for each publication in each process that is started, the
 *   publishing one included.
 * - It MUST keep the order of the publications of one process on one topic, everywhere.
 * - It MUST NOT call `deliver` after `stop` has been called, nor before `start`.
 * - `publish` MUST reject (HoldlineError) when the publication could not be handed over; it MUST NOT drop one
 *   in silence, and MUST NOT keep the bytes it was given after it returns.
 * - A broker MUST NOT look into messages.
 */
export interface Broker {
  readonly name: string
  start(deliver: Deliver): Promise<void>
  /** Resolves when the broker has the publication: for `memory` at once, else when every other process was sent it. */
  publish(topic: string, message: PublishedMessage): Promise<void>
  stop(): Promise<void>
}
