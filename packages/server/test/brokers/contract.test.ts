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
    create(count) {
      const stand = new MeshStand()
      const brokers = Array.from({ length: count }, (_, i) => stand.broker(i + 1))
      return Promise.resolve({
        brokers,
        join: () => stand.broker(count + 1),
        remove() {
          stand.remove()
          return Promise.resolve()
        },
      })
    },
  },
]

for (const harness of harnesses) brokerContract(harness)
