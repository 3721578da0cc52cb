// Cases of the broker contract: topics without history.

import assert from 'node:assert/strict'
import { HoldlineError } from '../../protocol/errors.ts'
import type { PublishedMessage } from '../../topics/broker.ts'
import type { BrokerCase } from '../broker-harness.ts'
import { allHear, quiet, startAll, turn } from '../broker-participant.ts'

export const passingCases: readonly BrokerCase[] = [
  {
    name: 'MUST call deliver exactly once for each publication in each process, the publishing one included',
    async run(participants) {
      await startAll(participants, 't0', 't1', 't2')
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
      await startAll(participants, 'order')
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
      const [first, ...others] = participants
      await first.start('t')
      await first.broker.publish('t', 'early')
      await quiet()
      for (const { heard } of others) assert.deepEqual(heard, [])
      for (const other of others) await other.start('t')
      await first.broker.publish('t', 'late')
      await allHear(others, 1)
      for (const { heard } of others) assert.deepEqual(heard, [['t', 'late']])
    },
  },
  {
    name: 'MUST NOT call deliver after stop was called',
    async run(participants) {
      await startAll(participants, 't')
      const [first, ...others] = participants
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
      const [first] = participants
      const { broker, heard } = first
      await assert.rejects(broker.publish('t', 'early'), HoldlineError)
      await first.start('t')
      await broker.publish('t', 'in time')
      await broker.stop()
      await assert.rejects(broker.publish('t', 'late'), HoldlineError)
      assert.deepEqual(heard, [['t', 'in time']])
    },
  },
  {
    name: 'MUST NOT drop what was published before stop',
    async run(participants) {
      await startAll(participants, 't')
      const [first, ...others] = participants
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
      await startAll(participants, 't')
      const bytes = new Uint8Array([1, 2, 3])
      const done = participants[0].broker.publish('t', bytes)
      bytes.fill(0xee)
      await done
      await allHear(participants, 1)
      for (const { heard } of participants)
        assert.deepEqual(heard[0], ['t', Uint8Array.of(1, 2, 3)])
    },
  },
  {
    name: 'MUST NOT look into messages: text stays text and bytes stay bytes, of any content and length',
    async run(participants, { maxMessageBytes }) {
      const topic = 'ö'.repeat(127)
      await startAll(participants, topic)
      const messages: PublishedMessage[] = [
        '',
        new Uint8Array(0),
        '{"type":"stop"}',
        'é\u0000\n漢 😀',
        Uint8Array.from({ length: 256 }, (_, i) => i),
        'ü'.repeat(100_000),
        new Uint8Array(maxMessageBytes).fill(7),
      ]
      for (const message of messages) await participants[0].broker.publish(topic, message)
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
      await startAll(participants, 't')
      const [first, ...others] = participants
      await first.broker.stop()
      for (const { broker } of others) await broker.publish('t', 'on')
      await allHear(others, others.length)
      for (const { heard } of others) {
        assert.deepEqual(
          heard,
          others.map(() => ['t', 'on']),
        )
      }
      assert.deepEqual(first.heard, [])
    },
  },
]

function isFrom(message: string, from: number): boolean {
  return message.startsWith(`${from}/`)
}
