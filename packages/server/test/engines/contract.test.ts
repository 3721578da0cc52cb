// Every engine, one contract. The next engine adds its line here.

import { engineContract, memoryHarness, tcpHarness } from '../../src/testing/index.ts'
import type { EngineHarness } from '../../src/testing/index.ts'
import { NodeEngine } from '../../src/engines/node/node-engine.ts'
import { UringEngine } from '../../src/engines/uring/uring-engine.ts'

const harnesses: readonly EngineHarness[] = [
  memoryHarness,
  tcpHarness('node', () => new NodeEngine()),
  tcpHarness('uring', () => new UringEngine()),
]

for (const harness of harnesses) engineContract(harness)
