// Every broker, one contract. The next broker adds its line here.

import { MemoryBroker } from '../../src/brokers/memory/memory-broker.ts'
import { brokerContract } from '../../src/testing/index.ts'
import type { BrokerHarness } from '../../src/testing/index.ts'
import { ProcessMesh } from './process-mesh.ts'

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
      const mesh = new ProcessMesh()
      const brokers = Array.from({ length: count }, (_, i) => mesh.broker(i + 1))
      return Promise.resolve({
        brokers,
        remove() {
          mesh.remove()
          return Promise.resolve()
        },
      })
    },
  },
]

for (const harness of harnesses) brokerContract(harness)
