// Every broker, one contract. The next broker adds its line here.

import { MemoryBroker } from '../../src/brokers/memory/memory-broker.ts'
import { brokerContract } from '../../src/testing/index.ts'
import type { BrokerHarness } from '../../src/testing/index.ts'
import { MeshStand } from './mesh-stand.ts'

const harnesses: readonly BrokerHarness[] = [
  {
    name: 'memory',
    processCounts: [1],
    create: () =>
      Promise.resolve({ brokers: [new MemoryBroker()], remove: () => Promise.resolve() }),
  },
  {
    name: 'process',
    processCounts: [1, 2, 3],
    async create(count) {
      const stand = new MeshStand()
      await stand.startKeeper()
      const brokers = Array.from({ length: count }, (_, i) => stand.broker(i + 1))
      return {
        brokers,
        join: () => stand.broker(count + 1),
        remove: () => stand.stop(),
      }
    },
  },
]

for (const harness of harnesses) brokerContract(harness)
