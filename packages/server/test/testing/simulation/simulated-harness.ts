// The contract suite's way to simulated brokers, with all faults.

import type { CancelTimer, Clock } from '../../../src/connection/clock.ts'
import { ProcessClock } from '../../../src/connection/process-clock.ts'
import type { Broker } from '../../../src/topics/broker.ts'
import type { BrokerHarness } from '../../../src/testing/broker-harness.ts'
import { SERVER_PLACE } from '../../../src/testing/simulation/broker-talk.ts'
import { SeededRandom } from '../../../src/testing/simulation/seeded-random.ts'
import { SimulatedBroker } from '../../../src/testing/simulation/simulated-broker.ts'
import { SimulatedBrokerServer } from '../../../src/testing/simulation/simulated-broker-server.ts'
import { SimulatedNetwork } from '../../../src/testing/simulation/simulated-network.ts'

/** The process's time, ten times as fast: the suite waits in real time. */
class FastClock implements Clock {
  readonly #clock = new ProcessClock(true)

  now(): number {
    return this.#clock.now() * 10
  }

  setTimer(ms: number, f: () => void): CancelTimer {
    return this.#clock.setTimer(ms / 10, f)
  }

  atTurnEnd(f: () => void): void {
    this.#clock.atTurnEnd(f)
  }
}

export const simulatedHarness: BrokerHarness = simulatedHarnessOf((broker) => broker)

/** Each broker is given to `wrap` first. */
export function simulatedHarnessOf(wrap: (broker: SimulatedBroker) => Broker): BrokerHarness {
  return {
    name: 'simulated',
    processCounts: [2],
    maxMessageBytes: 10_000,
    faults: [
      'killServer',
      'killServerForgetting',
      'startServer',
      'cut',
      'hang',
      'heal',
      'slow',
      'trim',
      'forget',
      'disturb',
    ],
    create(count) {
      const clock = new FastClock()
      const random = new SeededRandom(count)
      const network = new SimulatedNetwork(clock, random)
      const server = new SimulatedBrokerServer(clock, network, random)
      server.start()
      let made = 0
      const broker = (): Broker => wrap(new SimulatedBroker(clock, network, `p${++made}`))
      const brokers = Array.from({ length: count }, broker)
      const way = (process: number): [string, string] => [`p${process + 1}`, SERVER_PLACE]
      return Promise.resolve({
        brokers,
        join: broker,
        faults: {
          killServer: () => server.kill(),
          killServerForgetting() {
            server.kill()
            server.forget()
          },
          startServer: () => server.start(),
          cut(process) {
            network.part(...way(process))
            network.reset(...way(process))
          },
          hang: (process) => network.part(...way(process)),
          heal: (process) => network.heal(...way(process)),
          slow: (process, ms) => network.slow(...way(process), ms),
          trim: (topic, keep) => server.trim(topic, keep),
          forget: () => server.forget(),
          disturb() {
            network.weather = { delayMs: [0, 40], loss: 0.03, duplication: 0.2 }
          },
        },
        remove() {
          server.kill()
          return Promise.resolve()
        },
      })
    },
  }
}
