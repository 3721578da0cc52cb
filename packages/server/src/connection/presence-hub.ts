// What a connection and the models need of presence: who is here, on each topic, in all processes. The topics layer
// implements it.

/** Who is present, to whoever asks. */
export interface PresentMember {
  readonly member: string
  /** Whom the member belongs to; null where nobody said. */
  readonly identity: string | null
  /** Any JSON value. */
  readonly state: unknown
}

/** What has changed on a topic since the last difference; a member stands in one list at most. */
export interface PresenceDifference {
  readonly topic: string
  readonly joined: readonly PresentMember[]
  /** As they were last. */
  readonly left: readonly PresentMember[]
  readonly changed: readonly PresentMember[]
}

export type PresenceListener = (difference: PresenceDifference) => void

export interface PresenceHub {
  /**
   * Announces a member on a topic, in all processes, or its new state. `holder` is what keeps it there: a connection, or any
   * object of the program's. Nothing happens for a connection that is closed. A member stays while anything holds it; the state that was set last shows.
   *
   * @throws HoldlineError ERR_TOPIC_NAME, ERR_PRESENCE_MEMBER, ERR_PRESENCE_STATE, ERR_PRESENCE_FULL; nothing changes then.
   */
  set(holder: object, topic: string, member: string, state: unknown, identity?: string | null): void
  /** The holder lets go of what it has on the topic, at once. */
  clear(holder: object, topic: string): void
  /** The holder is gone, and lets go of everything: at once, or when `graceMs` is over. */
  leave(holder: object): void
  /** Who is present, as the watchers have been told: what this turn of the event loop has changed comes at its end. */
  members(topic: string): PresentMember[]
  /**
   * Calls the listener with each difference, in order, from what `members` gives now. Returns how to stop.
   *
   * @throws HoldlineError ERR_TOPIC_NAME
   */
  watch(topic: string, listener: PresenceListener): () => void
}
