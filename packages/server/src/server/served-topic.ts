// A topic as programs hold it, whichever server gave it. Knows names that programs may use, and nothing of delivery.

import type { PresenceListener, PresentMember } from '../connection/presence-hub.ts'
import type {
  Cursor,
  HistoryOptions,
  HistoryPage,
  PublishedMessage,
  PublishOptions,
  TopicHub,
} from '../connection/topic-hub.ts'
import type { Presence } from '../topics/presence.ts'
import { TypedConnection } from '../connection/typed-connection.ts'
import { checkProgramTopic } from '../topics/topic-name.ts'
import type { TopicListener } from '../topics/topics.ts'
import type { Topic } from './server.ts'

export class ServedTopic implements Topic {
  readonly name: string
  readonly #hub: TopicHub
  readonly #presence: Presence

  /** @throws HoldlineError ERR_TOPIC_NAME */
  constructor(hub: TopicHub, presence: Presence, name: string) {
    checkProgramTopic(name)
    this.name = name
    this.#hub = hub
    this.#presence = presence
  }

  publish(message: PublishedMessage, options?: PublishOptions): Promise<Cursor | null> {
    return this.#hub.publish(this.name, message, options)
  }

  subscribe(listener: TopicListener): () => void {
    return this.#hub.listen(this.name, listener)
  }

  history(options?: HistoryOptions): Promise<HistoryPage> {
    return this.#hub.history(this.name, options)
  }

  present(holder: object, member: string, state: unknown = null): void {
    this.#presence.set(held(holder), this.name, member, state)
  }

  absent(holder: object): void {
    this.#presence.clear(held(holder), this.name)
  }

  async members(): Promise<PresentMember[]> {
    await this.#presence.settled()
    return this.#presence.members(this.name)
  }

  watch(listener: PresenceListener): () => void {
    return this.#presence.watch(this.name, listener)
  }
}

/** What closes: presence of a typed connection ends with the connection itself. */
function held(holder: object): object {
  return holder instanceof TypedConnection ? (holder.raw as object) : holder
}
