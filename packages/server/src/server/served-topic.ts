// A topic as programs hold it, whichever server gave it. Knows names that programs may use, and nothing of delivery.

import type {
  Cursor,
  HistoryOptions,
  HistoryPage,
  PublishedMessage,
  PublishOptions,
  TopicHub,
} from '../connection/topic-hub.ts'
import { checkProgramTopic } from '../topics/topic-name.ts'
import type { TopicListener } from '../topics/topics.ts'
import type { Topic } from './server.ts'

export class ServedTopic implements Topic {
  readonly name: string
  readonly #hub: TopicHub

  /** @throws HoldlineError ERR_TOPIC_NAME */
  constructor(hub: TopicHub, name: string) {
    checkProgramTopic(name)
    this.name = name
    this.#hub = hub
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
}
