// The simulated broker keeps to the contract of brokers, through every fault that there is.

import { brokerContract } from '../../../src/testing/broker-contract.ts'
import { simulatedHarness } from './simulated-harness.ts'

brokerContract(simulatedHarness)
