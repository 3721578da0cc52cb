// Owns the contract of brokers as tests: each MUST and MUST NOT of topics/broker.ts has its case, run for every
// broker from one place. Knows no broker.

import { test } from 'node:test'
import type { BrokerCase, BrokerFaults, BrokerHarness, BrokerStand } from './broker-harness.ts'
import { BrokerParticipant } from './broker-participant.ts'
import { appendingCases } from './cases/broker-appending.ts'
import { attachingCases } from './cases/broker-attaching.ts'
import { faultCases } from './cases/broker-faults.ts'
import { passingCases } from './cases/broker-passing.ts'
import { readingCases } from './cases/broker-reading.ts'

/** What every broker must do and must not do. */
export const brokerCases: readonly BrokerCase[] = [
  ...passingCases,
  ...appendingCases,
  ...attachingCases,
  ...readingCases,
  ...faultCases,
]

/** Registers the tests of the contract for one broker. */
export function brokerContract(harness: BrokerHarness): void {
  for (const count of harness.processCounts) {
    for (const brokerCase of brokerCasesFor(harness, count)) {
      test(`${brokerCase.name} (${harness.name}, ${count})`, () =>
        runBrokerCase(harness, count, brokerCase))
    }
  }
}

/** The cases that can be run with so many processes, and with the faults that the harness can do. */
export function brokerCasesFor(harness: BrokerHarness, count: number): readonly BrokerCase[] {
  return brokerCases.filter(
    ({ faults = [], processes = 1 }) =>
      count >= processes && faults.every((fault) => harness.faults?.includes(fault)),
  )
}

/** Runs one case with so many brokers; whatever it says, they are stopped. */
export async function runBrokerCase(
  harness: BrokerHarness,
  count: number,
  brokerCase: BrokerCase,
): Promise<void> {
  const group = await harness.create(count)
  const participants = group.brokers.map((broker) => new BrokerParticipant(broker))
  const stand: BrokerStand = {
    faults: (group.faults ?? {}) as BrokerFaults,
    maxMessageBytes: harness.maxMessageBytes ?? 3_000_000,
    join() {
      if (group.join === undefined) throw new Error(`The harness of ${harness.name} has no join`)
      const participant = new BrokerParticipant(group.join())
      participants.push(participant)
      return participant
    },
  }
  try {
    await brokerCase.run([participants[0]!, ...participants.slice(1)], stand)
  } finally {
    for (const participant of participants) participant.endReaders()
    for (const { broker } of participants) await broker.stop()
    await group.remove()
  }
}
