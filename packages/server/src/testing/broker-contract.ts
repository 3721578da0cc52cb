// Owns the contract of brokers as tests: each MUST and MUST NOT of topics/broker.ts has its case, run for every
// broker from one place. Knows no broker.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HoldlineError } from '../protocol/errors.ts'
import type { Broker, PublishedMessage } from '../topics/broker.ts'

/** Brokers that carry publications to one another, as if each ran in a process of its own. Not started. */
export interface BrokerGroup {
  readonly brokers: readonly Broker[]
  /** Called when all were stopped. */
  remove(): Promise<void>
}

export interface BrokerHarness {
  readonly name: string
  /** How many processes the cases are run with: [1] where the broker stays within one. */
  readonly processCounts: readonly number[]
  create(count: number): Promise<BrokerGroup>
}

type Publication = readonly [topic: string, message: PublishedMessage]

/** A broker, and what it has delivered. */
export interface BrokerParticipant {
  readonly broker: Broker
  readonly heard: Publication[]
  readonly start: () => Promise<void>
}

export interface BrokerCase {
  readonly name: string
  readonly run: (participants: readonly BrokerParticipant[]) => Promise<void>
}

/** Registers the tests of the contract for one broker. */
export function brokerContract(harness: BrokerHarness): void {
  for (const count of harness.processCounts) {
    for (const brokerCase of brokerCases) {
      test(`${brokerCase.name} (${harness.name}, ${count})`, () =>
        runBrokerCase(harness, count, brokerCase))
    }
  }
}

/** Runs one case with so many brokers; whatever it says, they are stopped. */
export async function runBrokerCase(
  harness: BrokerHarness,
  count: number,
  brokerCase: BrokerCase,
): Promise<void> {
  const group = await harness.create(count)
  try {
    await brokerCase.run(group.brokers.map(participant))
  } finally {
    for (const broker of group.brokers) await broker.stop()
    await group.remove()
  }
}

/** What every broker must do and must not do. */
export const brokerCases: readonly BrokerCase[] = [
  {
    name: 'MUST call deliver exactly once for each publication in each process, the publishing one included',
    async run(participants) {
      await startAll(participants)
      const published: string[] = []
      await Promise.all(
        participants.flatMap(({ broker }, from) =>
          Array.from({ length: 50 }, (_, i) => {
            published.push(`t${i % 3} ${from}/${i}`)
            return broker.publish(`t${i % 3}`, `${from}/${i}`)
          }),
        ),
      )
      await allHear(participants, published.length)
      await quiet()
      for (const { heard } of participants) {
        const got = heard.map(([topic, message]) => `${topic} ${String(message)}`)
        assert.deepEqual(got.toSorted(), published.toSorted())
      }
    },
  },
  {
    name: 'MUST keep the order of the publications of one process on one topic, everywhere',
    async run(participants) {
      await startAll(participants)
      const count = 2_000
      for (let i = 0; i < count; i++) {
        for (const [from, { broker }] of participants.entries()) {
          void broker.publish('order', `${from}/${i}`)
        }
        if (i % 700 === 0) await turn()
      }
      await allHear(participants, count * participants.length)
      for (const { heard } of participants) {
        for (const from of participants.keys()) {
          const mine = heard.map(([, message]) => String(message)).filter((m) => isFrom(m, from))
          assert.deepEqual(
            mine,
            Array.from({ length: count }, (_, i) => `${from}/${i}`),
          )
        }
      }
    },
  },
  {
    name: 'MUST NOT call deliver before start',
    async run(participants) {
      const [first, ...others] = participants as [BrokerParticipant, ...BrokerParticipant[]]
      await first.start()
      await first.broker.publish('t', 'early')
      await quiet()
      for (const { heard } of others) assert.deepEqual(heard, [])
      for (const other of others) await other.start()
      await first.broker.publish('t', 'late')
      await allHear(others, 1)
      for (const { heard } of others) assert.deepEqual(heard, [['t', 'late']])
    },
  },
  {
    name: 'MUST NOT call deliver after stop was called',
    async run(participants) {
      await startAll(participants)
      const [first, ...others] = participants as [BrokerParticipant, ...BrokerParticipant[]]
      for (const { broker } of others) void broker.publish('t', 'under way')
      const heardBefore = first.heard.length
      const stopped = first.broker.stop()
      for (const { broker } of others) await broker.publish('t', 'too late for the first')
      await stopped
      await allHear(others, others.length * 2)
      await quiet()
      assert.equal(first.heard.length, heardBefore)
    },
  },
  {
    name: 'MUST reject with HoldlineError a publication that cannot be handed over: before start, after stop',
    async run(participants) {
      const { broker, heard, start } = participants[0]!
      await assert.rejects(broker.publish('t', 'early'), HoldlineError)
      await start()
      await broker.publish('t', 'in time')
      await broker.stop()
      await assert.rejects(broker.publish('t', 'late'), HoldlineError)
      assert.deepEqual(heard, [['t', 'in time']])
    },
  },
  {
    name: 'MUST NOT drop what was published before stop',
    async run(participants) {
      await startAll(participants)
      const [first, ...others] = participants as [BrokerParticipant, ...BrokerParticipant[]]
      const done: Promise<void>[] = []
      for (let i = 0; i < 500; i++) done.push(first.broker.publish('t', `${i}`))
      await first.broker.stop()
      await Promise.all(done)
      await allHear(others, 500)
      await first.broker.stop()
    },
  },
  {
    name: 'MUST NOT keep the bytes it was given after publish returns',
    async run(participants) {
      await startAll(participants)
      const bytes = new Uint8Array([1, 2, 3])
      const done = participants[0]!.broker.publish('t', bytes)
      bytes.fill(0xee)
      await done
      await allHear(participants, 1)
      for (const { heard } of participants)
        assert.deepEqual(heard[0], ['t', Uint8Array.of(1, 2, 3)])
    },
  },
  {
    name: 'MUST NOT look into messages: text stays text and bytes stay bytes, of any content and length',
    async run(participants) {
      await startAll(participants)
      const messages: PublishedMessage[] = [
        '',
        new Uint8Array(0),
        '{"type":"stop"}',
        'é\u0000\n漢 😀',
        Uint8Array.from({ length: 256 }, (_, i) => i),
        'ü'.repeat(100_000),
        new Uint8Array(3_000_000).fill(7),
      ]
      const topic = 'ö'.repeat(127)
      for (const message of messages) await participants[0]!.broker.publish(topic, message)
      await allHear(participants, messages.length)
      for (const { heard } of participants) {
        assert.deepEqual(
          heard,
          messages.map((message) => [topic, message]),
        )
      }
    },
  },
  {
    name: 'goes on without a process that stopped',
    async run(participants) {
      await startAll(participants)
      const [first, ...others] = participants as [BrokerParticipant, ...BrokerParticipant[]]
      await first.broker.stop()
      for (const { broker } of others) await broker.publish('t', 'on')
      await allHear(others, others.length)
      assert.deepEqual(first.heard, [])
    },
  },
]

function participant(broker: Broker): BrokerParticipant {
  const heard: Publication[] = []
  return {
    broker,
    heard,
    start: () =>
      broker.start((topic, message) => {
        heard.push([topic, typeof message === 'string' ? message : Uint8Array.from(message)])
      }),
  }
}

async function startAll(participants: readonly BrokerParticipant[]): Promise<void> {
  await Promise.all(participants.map(({ start }) => start()))
}

function isFrom(message: string, from: number): boolean {
  return message.startsWith(`${from}/`)
}

/** Waits until each has heard so many publications, and fails when one has not within five seconds. */
async function allHear(participants: readonly BrokerParticipant[], count: number): Promise<void> {
  const giveUpAt = performance.now() + 5_000
  while (participants.some(({ heard }) => heard.length < count)) {
    if (performance.now() > giveUpAt) {
      const counts = participants.map(({ heard }) => heard.length)
      assert.fail(`${count} publications were made; heard were ${counts.join(', ')}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Time in which something that must not happen would have happened. */
function quiet(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50))
}
