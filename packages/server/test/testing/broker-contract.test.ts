// The suite must find what is wrong: each of these brokers breaks one rule of the contract.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HoldlineError } from '../../src/protocol/errors.ts'
import { brokerCases, runBrokerCase } from '../../src/testing/index.ts'
import type { Broker, Deliver, PublishedMessage } from '../../src/topics/broker.ts'

/** Brokers that reach one another without a network; faults are put into the methods they override. */
class Bus {
  readonly members = new Set<BusBroker>()
}

class BusBroker implements Broker {
  readonly name: string = 'bus'
  protected readonly bus: Bus
  deliver: Deliver | null = null

  constructor(bus: Bus) {
    this.bus = bus
  }

  start(deliver: Deliver): Promise<void> {
    this.deliver = deliver
    this.bus.members.add(this)
    return Promise.resolve()
  }

  publish(topic: string, message: PublishedMessage): Promise<void> {
    if (this.deliver === null) return Promise.reject(new HoldlineError('ERR_BROKER_STOPPED'))
    for (const member of this.bus.members) member.take(topic, message)
    return Promise.resolve()
  }

  take(topic: string, message: PublishedMessage): void {
    this.deliver?.(topic, message)
  }

  stop(): Promise<void> {
    this.deliver = null
    this.bus.members.delete(this)
    return Promise.resolve()
  }
}

const faults: Record<string, new (bus: Bus) => BusBroker> = {
  'MUST call deliver exactly once': class extends BusBroker {
    override take(topic: string, message: PublishedMessage): void {
      super.take(topic, message)
      if (String(message).endsWith('/7')) super.take(topic, message)
    }
  },
  'MUST keep the order': class extends BusBroker {
    #held: [string, PublishedMessage] | null = null
    override take(topic: string, message: PublishedMessage): void {
      if (message === '0/1000') {
        this.#held = [topic, message]
        return
      }
      super.take(topic, message)
      if (message === '0/1001') super.take(...this.#held!)
    }
  },
  'MUST NOT call deliver before start': class extends BusBroker {
    static kept: [string, PublishedMessage][] = []
    override start(deliver: Deliver): Promise<void> {
      const started = super.start(deliver)
      for (const publication of BusBrokerWithHistory.kept) deliver(...publication)
      return started
    }
    override publish(topic: string, message: PublishedMessage): Promise<void> {
      BusBrokerWithHistory.kept.push([topic, message])
      return super.publish(topic, message)
    }
  },
  'MUST NOT call deliver after stop': class extends BusBroker {
    override stop(): Promise<void> {
      const { deliver } = this
      setImmediate(() => deliver?.('t', 'late'))
      return super.stop()
    }
  },
  'MUST reject': class extends BusBroker {
    override publish(topic: string, message: PublishedMessage): Promise<void> {
      return this.deliver === null ? Promise.resolve() : super.publish(topic, message)
    }
  },
  'MUST NOT drop': class extends BusBroker {
    override publish(topic: string, message: PublishedMessage): Promise<void> {
      if (this.deliver === null) return super.publish(topic, message)
      this.deliver(topic, message)
      return new Promise((resolve) => {
        setImmediate(() => {
          const isStopped = this.deliver === null
          for (const member of this.bus.members) {
            if (member !== this && !isStopped) member.take(topic, message)
          }
          resolve()
        })
      })
    }
  },
  'MUST NOT keep the bytes': class extends BusBroker {
    override publish(topic: string, message: PublishedMessage): Promise<void> {
      if (this.deliver === null) return super.publish(topic, message)
      return Promise.resolve().then(() => super.publish(topic, message))
    }
  },
  'MUST NOT look into messages': class extends BusBroker {
    override take(topic: string, message: PublishedMessage): void {
      super.take(topic, typeof message === 'string' ? message.replace('\u0000', '') : message)
    }
  },
  'goes on without': class extends BusBroker {
    override stop(): Promise<void> {
      for (const member of this.bus.members) member.take = () => {}
      return super.stop()
    }
  },
}

const BusBrokerWithHistory = faults['MUST NOT call deliver before start'] as unknown as {
  kept: [string, PublishedMessage][]
}

function harnessOf(Kind: new (bus: Bus) => BusBroker) {
  return {
    name: 'bus',
    processCounts: [2],
    create(count: number) {
      const bus = new Bus()
      const brokers = Array.from({ length: count }, () => new Kind(bus))
      return Promise.resolve({ brokers, remove: () => Promise.resolve() })
    },
  }
}

for (const brokerCase of brokerCases) {
  const [beginning, Faulty] = Object.entries(faults).find(([key]) =>
    brokerCase.name.startsWith(key),
  )!
  test(`a broker that keeps to it passes: ${brokerCase.name}`, () =>
    runBrokerCase(harnessOf(BusBroker), 2, brokerCase))
  test(`a broker that does not is found: ${beginning}`, async () => {
    await assert.rejects(runBrokerCase(harnessOf(Faulty), 2, brokerCase))
  })
}
