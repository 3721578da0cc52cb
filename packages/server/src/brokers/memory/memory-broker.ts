// The broker of a single process: what is published is delivered at once.

import { HoldlineError } from '../../protocol/errors.ts'
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
    if (this.#deliver === null)
      return Promise.reject(new HoldlineError('ERR_BROKER_STOPPED', topic))
    this.#deliver(topic, message)
    return DONE
  }

  stop(): Promise<void> {
    this.#deliver = null
    return DONE
  }
}
