// What the contract suite of brokers needs of whoever runs it: brokers that reach one another, and the faults that
// their server and the way to it can be given. Types only.

import type { Broker } from '../topics/broker.ts'
import type { BrokerParticipant } from './broker-participant.ts'

export interface BrokerHarness {
  readonly name: string
  /** How many processes the cases are run with: [1] where the broker stays within one. */
  readonly processCounts: readonly number[]
  /** The faults that `BrokerGroup.faults` can do, so that their cases are registered. Default none. */
  readonly faults?: readonly (keyof BrokerFaults)[]
  /** Longest message that the cases try, in bytes. Default 3,000,000. */
  readonly maxMessageBytes?: number
  /** Makes so many brokers over a server without topics. */
  create(count: number): Promise<BrokerGroup>
}

/** Brokers that carry publications to one another, as if each ran in a process of its own. Not started. */
export interface BrokerGroup {
  readonly brokers: readonly Broker[]
  readonly faults?: Partial<BrokerFaults>
  /** One more process, which comes later. Not started. Its case is run where `processCounts` goes beyond 1. */
  readonly join?: () => Broker
  /** Called when all were stopped. */
  remove(): Promise<void>
}

/** Processes are named by their place in `brokers`. What answers with a promise is done when that resolves. */
export interface BrokerFaults {
  /** The server ends at once, as by SIGKILL; its histories are there again after `startServer`. */
  killServer(): void | Promise<void>
  /** The server ends at once, and its histories with it. */
  killServerForgetting(): void | Promise<void>
  /** The server is started again, on the same address. Resolves when it takes connections. */
  startServer(): void | Promise<void>
  /** The connections between a process and the server are reset, and no new one comes about until `heal`. */
  cut(process: number): void | Promise<void>
  /** What the two send arrives nowhere, and nobody is told; until `heal`. */
  hang(process: number): void | Promise<void>
  heal(process: number): void | Promise<void>
  /** What the two send arrives so much later, each way; 0: at once. */
  slow(process: number, ms: number): void | Promise<void>
  /** An operator deletes what a topic keeps, but for the newest `keep` publications (from 1). */
  trim(topic: string, keep: number): void | Promise<void>
  /** An operator deletes all histories while the server runs. */
  forget(): void | Promise<void>
  /** From now on what all processes are told comes twice now and then, and out of order. */
  disturb(): void | Promise<void>
}

export interface BrokerCase {
  readonly name: string
  /** Only where the harness can do these. */
  readonly faults?: readonly (keyof BrokerFaults)[]
  /** Only with so many processes or more. Default 1. */
  readonly processes?: number
  readonly run: (
    participants: readonly [BrokerParticipant, ...BrokerParticipant[]],
    stand: BrokerStand,
  ) => Promise<void>
}

/** What a case has besides its participants. */
export interface BrokerStand {
  readonly faults: BrokerFaults
  readonly maxMessageBytes: number
  /** One more participant, which is not started. */
  readonly join: () => BrokerParticipant
}
