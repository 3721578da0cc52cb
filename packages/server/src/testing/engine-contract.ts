// Owns the contract of engines as tests: one suite, run for every engine from one place. What has to hold is said
// in cases/.

import { describe, test } from 'node:test'
import { answerRules } from './cases/answer-rules.ts'
import { closingCases } from './cases/closing.ts'
import { deadlineCases } from './cases/deadlines.ts'
import { orderRules } from './cases/order-rules.ts'
import { sendingCases } from './cases/sending.ts'
import { trafficCases } from './cases/traffic.ts'
import { upgradeCases } from './cases/upgrade.ts'
import { ContractServer } from './contract-server.ts'
import type { EngineCase } from './contract-server.ts'
import type { EngineHarness } from './engine-harness.ts'

/** All cases: the rules K1 to K9, and what every engine must do beside them. */
export const engineCases: readonly EngineCase[] = [
  ...orderRules,
  ...answerRules,
  ...sendingCases,
  ...closingCases,
  ...deadlineCases,
  ...upgradeCases,
  ...trafficCases,
]

/** Registers the tests of the contract for one engine. Several run at once: most of their time is waiting. */
export function engineContract(harness: EngineHarness): void {
  describe(`the ${harness.name} engine`, { concurrency: 4 }, () => {
    for (const engineCase of engineCases) {
      test(engineCase.name, () => runCase(harness, engineCase))
    }
  })
}

/** Runs one case; whatever it says, its servers are stopped, and the canary has to be well at the end. */
export async function runCase(harness: EngineHarness, engineCase: EngineCase): Promise<void> {
  const servers: ContractServer[] = []
  try {
    await engineCase.run(async (routes, limits) => {
      const server = await ContractServer.start(harness, routes, limits)
      servers.push(server)
      return server
    })
    for (const server of servers) await server.checkCanary()
  } finally {
    for (const server of servers) await server.stop()
  }
}
