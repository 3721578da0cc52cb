// The broker of a single process: what is published is delivered at once.

import type { Broker, Deliver, PublishedMessage } from '../../topics/broker.ts'

const DONE = Promise.resolve()

export class MemoryBroker implements Broker {
  readonly name = 'memory'
  #deliver: Deliver | null = null

  start(deliver: Deliver): Promise<void> {
    this.#deliver = deliver
    return DONE
  }

  publish(topic: string, message: PublishedMessage): Promise<void> {
    this.#deliver?.(topic, message)
    return DONE
  }

  stop(): Promise<void> {
    this.#deliver = null
    return DONE
  }
}
